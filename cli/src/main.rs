//! The `gwapi` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gwapi_cli::main()
}
