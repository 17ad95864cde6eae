//! How long the command takes for the least that it can do: `cargo bench --workspace --bench start`. It is to start in 20 ms, which is to
//! say that `--version` and the verbs that judge one object are done by then; the lines of these say whether they are. `crds` writes all
//! definitions of a release, and is there for comparison.
//!
//! Each run is a process of its own, and its outcome is checked.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark"
)]

use std::{
    io::Write,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A route for the newest release, and one for an older release, for which the input is read twice.
const NEW: &str = r#"{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
    "metadata": {"name": "a", "namespace": "b"}, "spec": {"parentRefs": [{"name": "c"}]}}"#;
const OLD: &str = r#"{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
    "metadata": {"name": "a", "namespace": "b"}, "spec": {"gatewayClassName": "c", "backendTLS": {},
    "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}}"#;

/// How long starting is to take.
const AIM: Duration = Duration::from_millis(20);

fn main() {
    let runs = if std::env::args().any(|argument| argument == "--test") {
        1
    } else {
        101
    };
    let crds = ["crds", "--release", gwapi::meta::Release::newest().as_str()];
    let validate = ["validate", "--channel", "experimental", "-f", "-"];
    for (what, arguments, stdin, said) in [
        ("--version", &["--version"][..], "", "gwapi "),
        ("crds", &crds, "", "kind: CustomResourceDefinition"),
        (
            "validate, newest release",
            &validate,
            NEW,
            "the newest release",
        ),
        (
            "validate, older release",
            &validate,
            OLD,
            "v1.3.0, the newest release that has",
        ),
        ("status", &["status", "-f", "-"], NEW, "HTTPRoute b/a"),
    ] {
        let mut times: Vec<_> = (0..runs).map(|_| run(arguments, stdin, said)).collect();
        times.sort_unstable();
        let [middle, high] = [50, 90].map(|percent| times[(runs - 1) * percent / 100]);
        let aim = match (what == "crds", middle <= AIM) {
            (true, _) => String::new(),
            (false, true) => format!("; within the aim of {AIM:?}"),
            (false, false) => format!("; not within the aim of {AIM:?}"),
        };
        println!("{what:<28} {middle:>8.1?}, a tenth of the runs above {high:.1?}{aim}");
    }
}

fn run(arguments: &[&str], stdin: &str, said: &str) -> Duration {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gwapi"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let time = start.elapsed();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(said), "{arguments:?}: {text}");
    time
}
