//! What every verb shares about its answer: the form, the exit code, colour.

use clap::{Args, ValueEnum};
use std::{
    fmt,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

/// The help text about exit codes.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 done and clean, 1 findings or no route, 2 could not do the work \
     (bad arguments, unreadable file).";

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, and nothing to complain of.
    Clean,
    /// Done, with findings (errors in the input among them) or without a route.
    Findings,
    /// The work could not be done.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::Failed => Self::from(2),
        }
    }
}

/// The form of the answer; every verb takes it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// The form of the answer: text for people, JSON for programs
    #[arg(
        short = 'o',
        long = "format",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub(crate) format: Format,
}

/// Text for people or JSON for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

/// Whether to write in colour: on a terminal only, and not where `NO_COLOR` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    /// The style for what goes to stdout.
    pub(crate) fn stdout() -> Self {
        Self::on_terminal(io::stdout().is_terminal())
    }

    /// The style for what goes to stderr.
    pub(crate) fn stderr() -> Self {
        Self::on_terminal(io::stderr().is_terminal())
    }

    /// Without colour.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { colour: false }
    }

    fn on_terminal(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self {
            colour: terminal && !refused,
        }
    }

    /// For what has failed or is an error: bold red.
    pub(crate) fn bad(self, text: impl fmt::Display) -> Painted<impl fmt::Display> {
        self.paint("1;31", text)
    }

    /// For warnings: bold yellow.
    pub(crate) fn warn(self, text: impl fmt::Display) -> Painted<impl fmt::Display> {
        self.paint("1;33", text)
    }

    /// For what is fine: bold green.
    pub(crate) fn good(self, text: impl fmt::Display) -> Painted<impl fmt::Display> {
        self.paint("1;32", text)
    }

    /// For names that matter: bold.
    pub(crate) fn strong(self, text: impl fmt::Display) -> Painted<impl fmt::Display> {
        self.paint("1", text)
    }

    /// For what can be passed over: dim.
    pub(crate) fn faint(self, text: impl fmt::Display) -> Painted<impl fmt::Display> {
        self.paint("2", text)
    }

    fn paint<T: fmt::Display>(self, code: &'static str, text: T) -> Painted<T> {
        Painted {
            code: self.colour.then_some(code),
            text,
        }
    }
}

/// Text with or without colour.
pub(crate) struct Painted<T> {
    code: Option<&'static str>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "\x1b[{code}m{}\x1b[0m", self.text),
            None => self.text.fmt(f),
        }
    }
}

/// A number with its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Writes the answer to stdout. A reader that has gone away (`| head`) is no failure.
pub(crate) fn print(text: &str) -> Exit {
    print_bytes(text.as_bytes())
}

/// Writes an answer to stdout that need not be text, such as a document passed through as it was.
pub(crate) fn print_bytes(bytes: &[u8]) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Exit::Clean,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Clean,
        Err(error) => fail(format_args!("cannot write the answer: {error}")),
    }
}

/// Writes a value to stdout as indented JSON.
pub(crate) fn print_json<T: serde::Serialize>(value: &T) -> Exit {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&(text + "\n")),
        Err(error) => fail(format_args!("cannot write the answer as JSON: {error}")),
    }
}

/// Says on stderr why the work could not be done.
pub(crate) fn fail(message: impl fmt::Display) -> Exit {
    let style = Style::stderr();
    eprintln!("{} {message}", style.bad("error:"));
    Exit::Failed
}
