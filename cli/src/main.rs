//! The `gwapi` command: one file a verb, each a plain function from typed arguments to an [`Exit`].

mod convert;
mod crds;
mod input;
mod output;
mod request;
mod serve;
mod status;
mod statused;
mod upgrade_check;
mod validate;

use clap::{Parser, Subcommand};
use output::Exit;
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
    Convert(convert::ConvertArgs),
    Crds(crds::CrdsArgs),
    Request(Box<request::RequestArgs>),
    Serve(serve::ServeArgs),
    Status(status::StatusArgs),
    UpgradeCheck(upgrade_check::UpgradeCheckArgs),
    Validate(validate::ValidateArgs),
}

fn main() -> ExitCode {
    let exit: Exit = match Cli::parse().verb {
        Verb::Convert(args) => convert::run(&args),
        Verb::Crds(args) => crds::run(&args),
        Verb::Request(args) => request::run(&args),
        Verb::Serve(args) => serve::run(args),
        Verb::Status(args) => status::run(&args),
        Verb::UpgradeCheck(args) => upgrade_check::run(&args),
        Verb::Validate(args) => validate::run(&args),
    };
    exit.into()
}
