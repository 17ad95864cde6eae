//! What a piece of work costs: time of the processor, since others may use the machine, and peak memory.

use std::{
    fs,
    io::{Read, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What one size of a row cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) size: usize,
    pub(crate) time: Duration,
    pub(crate) peak: u64,
    /// Whether the exit code and the text were those that are expected.
    pub(crate) expected: bool,
}

/// How long the processor worked for this thread.
pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let worked = || -> Option<Duration> {
        let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
    };
    let (start, before) = (Instant::now(), worked());
    work();
    match (before, worked()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => start.elapsed(),
    }
}

/// Times what is done with a text, and counts what that allocates at most.
pub(crate) fn in_process(text: String, work: impl Fn(&str)) -> Option<Cost> {
    let mut time = Duration::ZERO;
    let counted = allocation_counter::measure(|| time = timed(|| work(&text)));
    Some(Cost {
        size: text.len(),
        time,
        peak: counted.bytes_max,
        expected: true,
    })
}

/// The command that was built with this bench.
pub(crate) fn binary() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    let path = here.parent()?.parent()?.join("gwapi");
    path.exists().then_some(path)
}

/// Runs the command on an input. It has to end with this exit code and say this, on stdout or stderr; what it does instead
/// is printed.
pub(crate) fn command(
    arguments: &[&str],
    input: Vec<u8>,
    (code, says): (i32, &str),
) -> Option<Cost> {
    let size = input.len();
    let mut child = Command::new(binary()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let (mut stdin, stdout, stderr) = (
        child.stdin.take()?,
        child.stdout.take()?,
        child.stderr.take()?,
    );
    let start = Instant::now();
    let writing = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let sought = says.to_owned();
    let reading = thread::spawn(move || says_so(stdout, &sought));
    let sought = says.to_owned();
    let complaints = thread::spawn(move || says_so(stderr, &sought));
    let of_process = format!("/proc/{}", child.id());
    let (mut peak, mut time) = (0, None);
    // A process that has ended says how long it worked until somebody asks for its exit code.
    let status = loop {
        peak = held(&of_process).unwrap_or(0).max(peak);
        match worked(&of_process) {
            Some((worked, ended)) => {
                time = Some(worked);
                if ended {
                    break child.wait().ok()?;
                }
            }
            None => {
                if let Some(status) = child.try_wait().ok()? {
                    break status;
                }
            }
        }
        thread::sleep(Duration::from_millis(1));
    };
    let time = time.unwrap_or_else(|| start.elapsed());
    writing.join().ok()?;
    let (said, complained) = (reading.join().ok()?, complaints.join().ok()?);
    let expected = status.code() == Some(code) && (said.found || complained.found);
    if !expected {
        println!(
            "{arguments:?} ended with {status} and not with {code}, or did not say `{says}`: {}…{}",
            said.begin, complained.begin
        );
    }
    Some(Cost {
        size,
        time,
        peak,
        expected,
    })
}

/// What a stream of text says.
struct Said {
    found: bool,
    begin: String,
}

fn says_so(mut from: impl Read, sought: &str) -> Said {
    let mut said = Said {
        found: sought.is_empty(),
        begin: String::new(),
    };
    let (mut window, mut part) = (Vec::new(), [0; 1 << 16]);
    while let Ok(read @ 1..) = from.read(&mut part) {
        window.extend_from_slice(&part[..read]);
        if said.begin.len() < 1_000 {
            let text = String::from_utf8_lossy(&window);
            said.begin = text.chars().take(1_000).collect();
        }
        let mut windows = window.windows(sought.len().max(1));
        said.found = said.found || windows.any(|text| text == sought.as_bytes());
        let kept = window.len().min(sought.len());
        window.drain(..window.len() - kept);
    }
    said
}

/// The most that a process has held so far, in bytes (Linux).
fn held(process: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// How long the processor has worked for a process, and whether the process has ended (Linux).
fn worked(process: &str) -> Option<(Duration, bool)> {
    let text = fs::read_to_string(format!("{process}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // Linux counts in hundredths of a second.
    Some((Duration::from_millis(ticks * 10), *fields.first()? == "Z"))
}
