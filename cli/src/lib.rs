//! The `gwapi` command: one file a verb, each a plain function from typed arguments to an [`Exit`].
//!
//! This is a library for the sake of the fuzz targets in `fuzz/`; it promises nothing to anyone else. What others build
//! on is the crate `gwapi`.

#![warn(clippy::print_stderr, clippy::print_stdout)]

mod conformance;
mod convert;
mod crds;
mod defaults;
mod given;
mod input;
mod manual;
mod output;
mod request;
#[cfg(test)]
mod scratch;
mod serve;
mod status;
mod upgrade_check;
mod validate;

use clap::{CommandFactory, Parser, Subcommand};
use given::{release, resolving, statused};
use input::line;
use output::{Exit, visible, write};
use std::process::ExitCode;

/// Ask, lint, convert and emit resources of the Kubernetes Gateway API.
#[derive(Debug, Parser)]
#[command(name = "gwapi", version, about, arg_required_else_help = true, after_help = output::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

/// The verbs. Each holds the arguments of its file and is run by that file's `run`.
#[derive(Debug, Subcommand)]
enum Verb {
    Completions(manual::CompletionsArgs),
    Conformance(conformance::ConformanceArgs),
    Convert(convert::ConvertArgs),
    Crds(crds::CrdsArgs),
    Defaults(defaults::DefaultsArgs),
    Man(manual::ManArgs),
    Request(Box<request::RequestArgs>),
    Rules(manual::rules::RulesArgs),
    Serve(serve::ServeArgs),
    Status(status::StatusArgs),
    UpgradeCheck(upgrade_check::UpgradeCheckArgs),
    Validate(validate::ValidateArgs),
}

/// Runs the command with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let exit: Exit = match cli().verb {
        Verb::Completions(args) => manual::completions(&args, Cli::command()),
        Verb::Conformance(args) => conformance::run(&args),
        Verb::Convert(args) => convert::run(&args),
        Verb::Crds(args) => crds::run(&args),
        Verb::Defaults(args) => defaults::run(&args),
        Verb::Man(args) => manual::man(&args, Cli::command()),
        Verb::Request(args) => request::run(&args),
        Verb::Rules(args) => manual::rules::run(&args),
        Verb::Serve(args) => serve::run(args),
        Verb::Status(args) => status::run(&args),
        Verb::UpgradeCheck(args) => upgrade_check::run(&args),
        Verb::Validate(args) => validate::run(&args),
    };
    exit.into()
}

/// Reads the arguments. What is wrong with them is said, and the process ends.
fn cli() -> Cli {
    let arguments: Vec<_> = std::env::args_os().collect();
    match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // What is said of an argument names it: then as it can be seen.
            let seen = |argument: &std::ffi::OsString| visible(&argument.to_string_lossy());
            match Cli::try_parse_from(arguments.iter().map(seen)) {
                Err(error) => error.exit(),
                Ok(_) => {
                    output::fail(error);
                    std::process::exit(2);
                }
            }
        }
    }
}

/// What a conversation with `gwapi serve` over these lines would write. For fuzzing.
#[doc(hidden)]
#[must_use]
pub fn serve(lines: &[u8]) -> Vec<u8> {
    serve::replies(lines)
}
