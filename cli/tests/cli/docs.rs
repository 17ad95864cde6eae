//! The commands of the guides are run as they stand, and print what is shown below them.

use crate::support::{SOUND, gwapi, newest};
use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A block of code of a guide: its language, and its text.
struct Block {
    language: String,
    text: String,
}

/// The blocks of code of a guide, in order.
fn blocks(guide: &str) -> Vec<Block> {
    let text = fs::read_to_string(Path::new(ROOT).join(guide)).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```");
            let text: Vec<_> = text.collect();
            blocks.push(Block {
                language: language.to_owned(),
                text: text.join("\n") + "\n",
            });
        }
    }
    blocks
}

/// Programs that the guides name beside gwapi, and what stands for them: what they would write, or where they would lead.
const OTHERS: [(&str, &str); 7] = [
    ("git", "ln -s \"$ROOT\" gwapi"),
    (
        "cargo",
        "if [ \"$1\" = run ]; then shift 3; exec gwapi \"$@\"; fi",
    ),
    ("kustomize", "cat \"$WORK/route.yaml\""),
    ("flux", "cat \"$WORK/route.yaml\""),
    ("helm", "cat \"$WORK/route.yaml\""),
    (
        "kubectl",
        "if [ \"$1\" = gwapi ]; then shift; exec kubectl-gwapi \"$@\"; fi\n\
         case \"$*\" in\n\
         *api-resources*) echo httproutes.gateway.networking.k8s.io; echo services ;;\n\
         *\"get httproutes\"*) cat \"$WORK/../sound.yaml\" ;;\n\
         *) echo 'apiVersion: v1'; echo 'kind: List'; echo 'items: []' ;;\n\
         esac",
    ),
    ("uname", "echo Linux"),
];

const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: app }\n\
     spec:\n  parentRefs: [{ name: front }]\n  rules: [{ matches: [{ path: { type: PathPrefix, value: / } }] }]\n";

/// Where the commands of a guide are run.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("gwapi-docs-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        for folder in [
            "bin",
            "work/clusters",
            "work/apps",
            "work/infrastructure",
            "work/overlays/prod",
        ] {
            fs::create_dir_all(path.join(folder)).unwrap();
        }
        for (name, does) in OTHERS {
            let file = path.join("bin").join(name);
            fs::write(&file, format!("#!/bin/sh\n{does}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_gwapi"), path.join("bin/gwapi")).unwrap();
        fs::create_dir_all(path.join("ci")).unwrap();
        fs::write(path.join("ci/route.yaml"), ROUTE).unwrap();
        let work = path.join("work");
        for folder in ["clusters", "apps", "infrastructure"] {
            fs::write(work.join(folder).join("a.yaml"), "a: 1\n").unwrap();
        }
        fs::write(path.join("sound.yaml"), SOUND).unwrap();
        fs::write(work.join("route.yaml"), ROUTE).unwrap();
        fs::write(work.join("cluster-settings.env"), "DOMAIN=a.example\n").unwrap();
        Self(path)
    }

    /// Runs lines of a shell, each of which has to succeed, and returns what they print and the folder that they end in.
    fn run(&self, lines: &str, folder: &Path) -> (String, PathBuf) {
        let bin = self.0.join("bin");
        let home = self.0.join("home");
        let path = format!(
            "{}:{}:/usr/bin:/bin",
            bin.display(),
            home.join(".local/bin").display()
        );
        let script = format!("set -e\n{lines}\npwd > \"$HOME/pwd\"\n");
        fs::create_dir_all(&home).unwrap();
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder)
            .env("PATH", path)
            .env("HOME", &home)
            .env("ROOT", ROOT)
            .env("WORK", self.0.join("work"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{lines}\n{said}");
        let folder = fs::read_to_string(home.join("pwd")).unwrap();
        (
            String::from_utf8(output.stdout).unwrap(),
            PathBuf::from(folder.trim()),
        )
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The newest release at the time of writing is the newest there is.
fn shown(text: &str) -> String {
    assert!(
        !text.contains("the newest release") || text.contains(newest()),
        "{text}"
    );
    text.to_owned()
}

/// Runs a guide from its beginning. Returns how many blocks were run, and how many outputs compared.
fn run_guide(guide: &str, name: &str) -> (usize, usize) {
    let desk = Desk::new(name);
    let mut folder = desk.0.join("work");
    let (mut ran, mut compared) = (0, 0);
    let mut printed: Option<String> = None;
    for block in blocks(guide) {
        match block.language.as_str() {
            "sh" => {
                let (text, ended) = desk.run(&block.text, &folder);
                folder = ended;
                printed = Some(text);
                ran += 1;
            }
            "text" => {
                let printed = printed.take().unwrap();
                assert_eq!(printed, shown(&block.text), "{guide}");
                compared += 1;
            }
            "yaml" => {
                let steps = block.text.lines();
                let steps = steps
                    .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("run: "));
                for step in steps {
                    desk.run(step, &desk.0.join("ci"));
                    ran += 1;
                }
            }
            other => assert!(
                other == "toml" || other.starts_with("rust"),
                "{guide}: {other}"
            ),
        }
    }
    (ran, compared)
}

#[test]
fn the_commands_of_the_guides_run_and_print_what_is_shown() {
    let (ran, compared) = run_guide("docs/pipelines.md", "pipelines");
    assert!(ran >= 12 && compared >= 2, "{ran} {compared}");
    let (ran, compared) = run_guide("README.md", "readme");
    assert!(ran >= 2 && compared >= 1, "{ran} {compared}");
}

/// The verbs that the command has.
fn verbs() -> Vec<String> {
    let help = String::from_utf8(gwapi(&["--help"], "").stdout).unwrap();
    let (_, verbs) = help.split_once("Commands:\n").unwrap();
    let (verbs, _) = verbs.split_once("\n\n").unwrap();
    let names = verbs
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    names.map(str::to_owned).collect()
}

/// Every verb has its row in the guide, and every option that the guide names is one.
#[test]
fn the_guide_of_the_command_names_its_verbs_and_options() {
    let guide = fs::read_to_string(Path::new(ROOT).join("docs/command.md")).unwrap();
    let mut helps = String::new();
    for verb in verbs() {
        assert!(guide.contains(&format!("`gwapi {verb}")), "{verb}");
        helps.push_str(&String::from_utf8(gwapi(&[&verb, "--help"], "").stdout).unwrap());
    }
    let named = guide.split('`').skip(1).step_by(2);
    let words = named.flat_map(str::split_whitespace);
    let mut count = 0;
    for option in words.filter(|word| word.starts_with("--")) {
        let is_one = [" ", "\n", "="]
            .iter()
            .any(|end| helps.contains(&format!("{option}{end}")));
        assert!(is_one, "{option}");
        count += 1;
    }
    assert!(count > 20, "{count}");
    // The verbs that the guide shows with `gwapi` are verbs.
    for shown in guide.split("`gwapi ").skip(1) {
        let verb = shown.split([' ', '`']).next().unwrap();
        assert!(verbs().iter().any(|known| known == verb), "{verb}");
    }
    // And those that it says to take plain arguments do.
    for verb in [
        "validate",
        "defaults",
        "status",
        "convert",
        "upgrade-check",
        "request",
    ] {
        let help = String::from_utf8(gwapi(&[verb, "--help"], "").stdout).unwrap();
        assert!(help.contains("PATH"), "{verb}");
        let folder = format!("{ROOT}/examples/manifests/canary.yaml");
        let mut arguments = vec![verb, &folder];
        arguments.extend(match verb {
            "request" => &["--from", "shop", "http://cart/"][..],
            "upgrade-check" => &["--to", "v1.7.0"],
            _ => &[],
        });
        let output = gwapi(&arguments, "");
        assert_ne!(
            output.status.code(),
            Some(2),
            "{verb}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// What there is to say of the project first fits on a screen.
#[test]
fn the_readme_is_one_screen() {
    let text = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    assert!(text.lines().count() <= 60, "{}", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 100));
}

/// The guides lead to files that are there.
#[test]
fn links_of_the_guides_lead_to_files() {
    let folder = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let guides = folder.map(|entry| entry.unwrap().path());
    let mut count = 0;
    for guide in guides.chain([Path::new(ROOT).join("README.md")]) {
        let text = fs::read_to_string(&guide).unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap();
            if link.is_empty() || link.contains("://") {
                continue;
            }
            let file = guide.parent().unwrap().join(link);
            assert!(file.exists(), "{}: {link}", guide.display());
            count += 1;
        }
    }
    assert!(count >= 6, "{count}");
}
