//! `gwapi completions` and `gwapi man`: what shells and manuals need to know of the command.

pub(crate) mod rules;

use crate::output::{Exit, fail, print_document, write};
use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Write the completions for a shell to stdout
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell; `kubectl` is for the plugin: a program to put on the PATH as kubectl_complete-gwapi
    #[arg(value_name = "SHELL")]
    shell: Completed,
}

/// What completes arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Completed {
    /// Bash.
    Bash,
    /// Elvish.
    Elvish,
    /// Fish.
    Fish,
    /// kubectl, for `kubectl gwapi`.
    Kubectl,
    /// PowerShell.
    Powershell,
    /// Zsh.
    Zsh,
}

/// Write the manual: the page of the command to stdout, or that of each verb into a folder
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder for gwapi.1, gwapi-validate.1 and so on, made where it is missing. Files of the same name are replaced; a
    /// link in their place is refused. The folder itself may be a link
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> Exit {
    let shell = match args.shell {
        Completed::Bash => Shell::Bash,
        Completed::Elvish => Shell::Elvish,
        Completed::Fish => Shell::Fish,
        Completed::Powershell => Shell::PowerShell,
        Completed::Zsh => Shell::Zsh,
        Completed::Kubectl => {
            command.build();
            return print_document(&for_kubectl(&command));
        }
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "gwapi", &mut text);
    print_document(&String::from_utf8_lossy(&text))
}

/// What kubectl runs to complete the arguments of the plugin: it gets the words, the last of which is being written, and prints what
/// that may be, a line each, and then `:0`, with which kubectl has the shell complete files too.
fn for_kubectl(command: &Command) -> String {
    let mut script = "#!/bin/sh\nverb=\n[ $# -gt 1 ] && verb=$1\ncase \"$verb\" in\n".to_owned();
    let line = |words: Vec<String>| format!("printf '%s\\n' {} ;;\n", words.join(" "));
    let mut verbs = Vec::new();
    for verb in command.get_subcommands() {
        let options = verb.get_arguments().filter(|option| !option.is_hide_set());
        let options = options.filter_map(|option| Some(format!("--{}", option.get_long()?)));
        script.push_str(&format!("{}) {}", verb.get_name(), line(options.collect())));
        verbs.push(verb.get_name().to_owned());
    }
    script.push_str(&format!("*) {}esac\necho :0\n", line(verbs)));
    script
}

pub(crate) fn man(args: &ManArgs, command: Command) -> Exit {
    // What `gwapi help` says are the pages themselves.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = vec![("gwapi.1".to_owned(), page(command.clone(), "gwapi"))];
    for verb in command.get_subcommands() {
        let name = format!("gwapi-{}", verb.get_name());
        pages.push((format!("{name}.1"), page(verb.clone(), &name)));
    }
    match &args.folder {
        Some(folder) => match write::files(folder, &pages) {
            Ok(()) => Exit::Clean,
            Err(error) => fail(error),
        },
        None => print_document(pages.first().map_or("", |(_, text)| text)),
    }
}

fn page(mut command: Command, title: &str) -> String {
    // As `--help` has it: each option alone would make it a paragraph.
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    let command = command.override_usage(usage);
    let mut text = Vec::new();
    let manual = clap_mangen::Man::new(command.version(env!("CARGO_PKG_VERSION")))
        .title(title)
        .source(concat!("gwapi ", env!("CARGO_PKG_VERSION")))
        .manual("Gateway API");
    match manual.render(&mut text) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        // Writing to memory cannot fail.
        Err(error) => error.to_string(),
    }
}
