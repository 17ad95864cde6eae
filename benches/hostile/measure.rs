//! What a piece of work costs: time of the processor, since others may use the machine, and peak memory.

use nix::{
    sys::resource::{UsageWho, getrusage},
    time::ClockId,
};
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
    /// How long the processor worked in all to find that out: what is short is repeated.
    pub(crate) measured: Duration,
    pub(crate) peak: u64,
    /// Whether the exit code and the text were those that are expected.
    pub(crate) expected: bool,
}

/// How long the processor worked for this thread.
pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let worked = || ClockId::CLOCK_THREAD_CPUTIME_ID.now().map(Duration::from);
    let (start, before) = (Instant::now(), worked());
    work();
    match (before, worked()) {
        (Ok(before), Ok(after)) => after.saturating_sub(before),
        _ => start.elapsed(),
    }
}

/// How long something is measured at least. It is repeated until it has taken as long.
pub(crate) const MEASURED: Duration = Duration::from_millis(60);

/// The time that something takes once, and how long it was measured for that.
pub(crate) fn repeated(mut work: impl FnMut()) -> (Duration, Duration) {
    let mut times: u32 = 1;
    loop {
        let measured = timed(|| (0..times).for_each(|_| work()));
        if measured >= MEASURED || times >= 1 << 30 {
            return (measured / times, measured);
        }
        // As often as it takes, with something to spare, but no more than ten times as often.
        let enough = MEASURED.as_nanos() * 5 / 4 / measured.as_nanos().max(1);
        times = times.saturating_mul(u32::try_from(enough).unwrap_or(10).clamp(1, 9) + 1);
    }
}

/// How often something is measured, unless it takes long. The shortest time counts: others use the machine, too.
const ROUNDS: u32 = 4;

/// What takes as long as this is measured twice.
const LONG: Duration = Duration::from_secs(1);

/// As [`repeated`], the shortest of several times.
pub(crate) fn least(mut work: impl FnMut()) -> (Duration, Duration) {
    let mut best = repeated(&mut work);
    for round in 1..ROUNDS {
        if round > 1 && best.1 >= LONG {
            break;
        }
        best = best.min(repeated(&mut work));
    }
    best
}

/// Times what is done with a text, and counts what that allocates at most.
pub(crate) fn in_process(text: String, work: impl Fn(&str)) -> Option<Cost> {
    // The first time fetches memory from the system, which is so for all sizes alike: it is not measured for any.
    let counted = allocation_counter::measure(|| work(&text));
    let (time, measured) = least(|| work(&text));
    Some(Cost {
        size: text.len(),
        time,
        measured,
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

/// Runs the command on an input, as often as it takes to measure it, as [`command_once`] does. The shortest time counts.
pub(crate) fn command(arguments: &[&str], input: Vec<u8>, says: (i32, &str)) -> Option<Cost> {
    let mut cost = command_once(arguments, input.clone(), says)?;
    let mut times = 1;
    while cost.expected
        && (cost.measured < MEASURED && times < 20 || times < ROUNDS && cost.measured < LONG)
    {
        let again = command_once(arguments, input.clone(), says)?;
        times += 1;
        cost.measured += again.measured;
        cost.time = cost.time.min(again.time);
        cost.peak = cost.peak.min(again.peak);
        cost.expected &= again.expected;
    }
    Some(cost)
}

/// Runs the command on an input. It has to end with this exit code and say this, on stdout or stderr; what it does instead
/// is printed.
fn command_once(arguments: &[&str], input: Vec<u8>, (code, says): (i32, &str)) -> Option<Cost> {
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
    let writing = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let sought = says.to_owned();
    let reading = thread::spawn(move || says_so(stdout, &sought));
    let sought = says.to_owned();
    let complaints = thread::spawn(move || says_so(stderr, &sought));
    let of_process = format!("/proc/{}", child.id());
    let before = worked_by_children()?;
    let mut peak = 0;
    let status = loop {
        peak = held(&of_process).unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().ok()? {
            break status;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let time = worked_by_children()?.saturating_sub(before);
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
        measured: time,
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

/// How long the processor has worked for the processes that have been started here and have ended.
fn worked_by_children() -> Option<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let times = [usage.user_time(), usage.system_time()];
    times.iter().try_fold(Duration::ZERO, |sum, time| {
        let seconds = Duration::from_secs(u64::try_from(time.tv_sec()).ok()?);
        let rest = Duration::from_micros(u64::try_from(time.tv_usec()).ok()?);
        Some(sum + seconds + rest)
    })
}
