//! What the command takes for a large folder of a GitOps repository: `cargo bench --workspace --bench folder`. For 17 000 files of
//! 112 MB a pass is to take less than 3 s of the processor and 200 MB, on all cores.
//!
//! The folder is made anew, with files of a kind that such repositories have. Where an object is of another release than most,
//! all are read a second time. Each run is a process of its own, and its outcome is checked.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How many files there are in a folder of its own, and how long one is about.
const FILES_OF_A_FOLDER: usize = 20;
const BYTES: usize = 6_600;

fn main() {
    let files = match env::args().any(|argument| argument == "--test") {
        true => 200,
        false => 17_000,
    };
    let folder = Folder::new();
    let (bytes, objects) = folder.fill(files);
    println!("{files} files, {} MB, {objects} objects", bytes / 1_000_000);
    folder.run("one release", objects, "the newest release\n");
    // The last file is of an older release.
    let old = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: old, namespace: ns}\n\
               spec:\n  gatewayClassName: c\n  backendTLS: {}\n  listeners: [{name: web, port: 80, protocol: HTTP}]\n";
    fs::write(folder.0.join("zz.yaml"), old).unwrap();
    folder.run("two releases", objects + 1, "that has");
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("gwapi-bench-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    /// Writes so many files. Returns how many bytes and objects they hold.
    fn fill(&self, files: usize) -> (usize, usize) {
        let (mut bytes, mut objects) = (0, 0);
        for index in 0..files {
            let folder = self
                .0
                .join(format!("apps/app-{}", index / FILES_OF_A_FOLDER));
            if index % FILES_OF_A_FOLDER == 0 {
                fs::create_dir_all(&folder).unwrap();
            }
            let (text, of_file) = file(index);
            bytes += text.len();
            objects += of_file;
            fs::write(folder.join(format!("file-{index}.yaml")), text).unwrap();
        }
        (bytes, objects)
    }

    fn run(&self, what: &str, objects: usize, said: &str) {
        let taken = measure(&self.0);
        assert!(
            taken.text.contains(&format!("{objects} objects, ")),
            "{}",
            taken.text
        );
        assert!(taken.text.contains(said), "{}", taken.text);
        println!(
            "{what:<14} {:>6.2?} of the processor in {:>6.2?} ({:.1} cores), {} MB",
            taken.processor,
            taken.time,
            taken.processor.as_secs_f64() / taken.time.as_secs_f64(),
            taken.memory / 1_000
        );
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file, and how many objects it holds.
fn file(index: usize) -> (String, usize) {
    let app = index / FILES_OF_A_FOLDER;
    let mut text = String::new();
    let mut objects = 1;
    match index % 5 {
        0 => {
            text.push_str(&format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: route-{index}\n  namespace: ns-{app}\n\
                 spec:\n  parentRefs:\n    - name: front\n      namespace: network\n  hostnames: [\"{index}.example.com\"]\n  rules:\n"
            ));
            for rule in 0..16 {
                text.push_str(&format!(
                    "    - matches:\n        - path: {{ type: PathPrefix, value: /api/v{rule} }}\n          method: GET\n      filters:\n        - \
                     type: RequestHeaderModifier\n          requestHeaderModifier:\n            set:\n              - name: x-rule\n                \
                     value: \"{rule}\"\n      backendRefs:\n        - name: svc-{index}\n          port: 8080\n"
                ));
            }
        }
        1 | 2 => {
            text.push_str(&format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{index}\n  namespace: ns-{app}\nspec:\n  template:\n    spec:\n      \
                 containers:\n        - name: main\n          env:\n"
            ));
            let mut entry = 0;
            while text.len() < BYTES {
                text.push_str(&format!(
                    "            - name: SETTING_{entry}\n              value: \"{index}\"\n"
                ));
                entry += 1;
            }
        }
        3 => {
            text.push_str(&format!(
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: svc-{}\n  namespace: ns-{app}\nspec:\n  ports:\n    - port: 8080\n---\n\
                 apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{index}\n  namespace: ns-{app}\ndata:\n",
                index - 3
            ));
            objects = 2;
            let mut entry = 0;
            while text.len() < BYTES {
                text.push_str(&format!(
                    "  key-{entry}: a value of some length that means nothing to anybody\n"
                ));
                entry += 1;
            }
        }
        _ => {
            objects = 0;
            let mut entry = 0;
            while text.len() < BYTES {
                text.push_str(&format!(
                    "value-{entry}:\n  enabled: true\n  replicas: {entry}\n"
                ));
                entry += 1;
            }
        }
    }
    (text, objects)
}

/// What a run takes.
struct Taken {
    time: Duration,
    processor: Duration,
    /// The most memory at a time, in kB.
    memory: u64,
    text: String,
}

/// Runs the command over a folder. The kernel says what a process takes as long as nobody has asked for its end.
fn measure(folder: &Path) -> Taken {
    let said = folder
        .join("../")
        .join(format!("gwapi-bench-{}.txt", std::process::id()));
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gwapi"))
        .args([
            "validate",
            "--assume-present",
            "Gateway,GatewayClass,Service",
        ])
        .arg(folder)
        .stdout(Stdio::from(fs::File::create(&said).unwrap()))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut memory, mut ticks) = (0, 0);
    loop {
        let stat = fs::read_to_string(proc.join("stat")).unwrap_or_default();
        let fields: Vec<_> = stat
            .rsplit(')')
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        // Fields 14 and 15 of the manual, of which the first here is the third.
        if let (Some(user), Some(system)) = (fields.get(11), fields.get(12)) {
            ticks = user.parse().unwrap_or(0) + system.parse().unwrap_or(0);
        }
        let status = fs::read_to_string(proc.join("status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
        memory = memory.max(peak.unwrap_or(0));
        if fields.first().is_none_or(|state| *state == "Z") {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    let time = begun.elapsed();
    child.wait().unwrap();
    let text = fs::read_to_string(&said).unwrap();
    fs::remove_file(said).unwrap();
    Taken {
        time,
        // A hundred ticks a second, on every Linux.
        processor: Duration::from_millis(10 * ticks),
        memory,
        text,
    }
}
