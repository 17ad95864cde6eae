//! The command, run as people run it.

use gwapi::meta::Release;
use std::{
    env, fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// What the command makes of these arguments and this input.
pub(crate) fn gwapi(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gwapi"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let stdin = stdin.as_ref().to_vec();
    let writer = std::thread::spawn(move || {
        // A command that has seen enough does not read on.
        let _ = input.write_all(&stdin);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The newest release, which a test does not name, so that it stays true when another comes.
pub(crate) fn newest() -> &'static str {
    Release::ALL.last().unwrap().as_str()
}

/// A text with the newest release in the place of `NEWEST`.
pub(crate) fn with_newest(text: &str) -> String {
    text.replace("NEWEST", newest())
}

/// A Gateway, a Service and a route that all work.
pub(crate) const SOUND: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec: { gatewayClassName: any, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: cart, port: 80 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec: { oops: 1 }
";

/// The exit code of the command and what it prints.
pub(crate) fn run(arguments: &[&str], objects: &str) -> (Option<i32>, String) {
    let output = gwapi(arguments, objects);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// What `validate` finds in objects, judged by the experimental channel, in JSON.
pub(crate) fn found(objects: &str) -> serde_json::Value {
    let arguments = [
        "validate",
        "-f",
        "-",
        "-o",
        "json",
        "--channel",
        "experimental",
    ];
    let (_, json) = run(&arguments, objects);
    serde_json::from_str(&json).unwrap()
}

/// The text for these objects, and the exit code.
pub(crate) fn status(objects: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let output = gwapi(&[&["status", "-f", "-"], arguments].concat(), objects);
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.code(),
    )
}

/// A route with a Gateway of two listeners.
pub(crate) fn two_listeners(first: &str, second: &str, routes: &str) -> String {
    format!(
        "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ name: front, namespace: edge }}
spec: {{ gatewayClassName: any, listeners: [{first}, {second}] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: web, namespace: edge }}
spec: {{ ports: [{{ port: 80 }}] }}
---
{routes}"
    )
}

pub(crate) fn route(kind: &str, version: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{ name: {name}, namespace: edge }}\n\
         spec: {{ {spec}, rules: [{{ backendRefs: [{{ name: web, port: 80 }}] }}] }}\n---\n"
    )
}

/// The lines about one object.
pub(crate) fn about(text: &str, object: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with(object));
    let mut lines = lines.peekable();
    let mut found = lines.next().unwrap_or_default().to_owned();
    for line in lines.take_while(|line| line.starts_with(' ')) {
        found = found + "\n" + line;
    }
    found
}

/// Every set of objects that attachment is tested with, each with what all of them share.
pub(crate) fn attachment_sets() -> Vec<(String, Vec<PathBuf>)> {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/fixtures/attachment"
    ));
    let base = folder.join("base.yaml");
    let mut sets = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path != base {
            sets.push((name, vec![base.clone(), path]));
        }
    }
    sets.sort();
    sets
}

/// A folder with these files, which goes away with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = env::temp_dir().join(format!("gwapi-folder-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        for (file, text) in files {
            let file = path.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Self(fs::canonicalize(path).unwrap())
    }

    /// Runs the command in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Output, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gwapi"));
        let output = command
            .args(arguments)
            .current_dir(&self.0)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        (output, text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
