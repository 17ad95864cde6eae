//! `gwapi completions` and `gwapi man`: what shells and manuals need to know of the command.

pub(crate) mod rules;

use crate::output::{Exit, fail, print_document, write};
use clap::{Args, Command};
use std::path::PathBuf;

/// Write the completions for a shell to stdout
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

/// Write the manual: the page of the command to stdout, or that of each verb into a folder
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder for gwapi.1, gwapi-validate.1 and so on, made where it is missing
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "gwapi", &mut text);
    print_document(&String::from_utf8_lossy(&text))
}

pub(crate) fn man(args: &ManArgs, mut command: Command) -> Exit {
    command.build();
    let mut pages = vec![("gwapi.1".to_owned(), page(command.clone(), "gwapi"))];
    for verb in command
        .get_subcommands()
        .filter(|verb| verb.get_name() != "help")
    {
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

fn page(command: Command, title: &str) -> String {
    let mut text = Vec::new();
    match clap_mangen::Man::new(command)
        .title(title)
        .render(&mut text)
    {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        // Writing to memory cannot fail.
        Err(error) => error.to_string(),
    }
}
