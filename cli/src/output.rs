//! What every verb shares about its answer: the form, the exit code, colour. All that is printed goes through here, so that
//! nothing of the input reaches a terminal raw: text for people as a [`Page`], JSON and YAML by [`escaped`].

pub(crate) mod escaped;
mod hidden;
pub(crate) mod write;

pub(crate) use hidden::is_hidden;

use clap::{Args, ValueEnum};
use std::{
    fmt::{self, Write as _},
    io::{self, IsTerminal, Write as _},
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

/// Text with or without colour, what is hidden in it made [`visible`].
pub(crate) struct Painted<T> {
    code: Option<&'static str>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = visible(&self.text);
        match self.code {
            Some(code) => write!(f, "\x1b[{code}m{text}\x1b[0m"),
            None => f.pad(&text),
        }
    }
}

/// Text for people that is made of lines, each of pieces of one tone.
///
/// A piece may hold text of the input: whatever could move a terminal's cursor, change its colours or begin a line
/// of its own is made [`visible`].
#[derive(Debug)]
pub(crate) struct Page {
    style: Style,
    text: String,
}

impl Page {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            text: String::new(),
        }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, indent: usize, line: &Line) {
        let style = self.style;
        self.text.extend(std::iter::repeat_n(' ', indent));
        for (tone, piece) in &line.0 {
            // Writing to a string cannot fail.
            let _ = match tone {
                Tone::Plain => write!(self.text, "{}", visible(piece)),
                Tone::Bad => write!(self.text, "{}", style.bad(piece)),
                Tone::Warn => write!(self.text, "{}", style.warn(piece)),
                Tone::Good => write!(self.text, "{}", style.good(piece)),
                Tone::Strong => write!(self.text, "{}", style.strong(piece)),
                Tone::Faint => write!(self.text, "{}", style.faint(piece)),
            };
        }
        self.text.push('\n');
    }

    /// Adds an empty line, but not before the first.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// The lines, for tests.
    #[cfg(test)]
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// How a piece of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// Something has failed.
    Bad,
    /// Something to look at.
    Warn,
    Good,
    /// A name that matters.
    Strong,
    /// What can be passed over.
    Faint,
}

/// A line of a [`Page`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Tone, String)>);

impl Line {
    /// A line that begins with this.
    pub(crate) fn of(tone: Tone, text: impl fmt::Display) -> Self {
        Self::default().with(tone, text)
    }

    /// A line in plain text.
    pub(crate) fn plain(text: impl fmt::Display) -> Self {
        Self::of(Tone::Plain, text)
    }

    /// This line with another piece.
    pub(crate) fn with(mut self, tone: Tone, text: impl fmt::Display) -> Self {
        self.0.push((tone, text.to_string()));
        self
    }

    /// This line with the pieces of another one.
    pub(crate) fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// This line with another piece as in a list: after a comma, unless it is the first.
    pub(crate) fn list(self, tone: Tone, text: impl fmt::Display) -> Self {
        let line = if self.0.is_empty() {
            self
        } else {
            self.and(", ")
        };
        line.with(tone, text)
    }

    /// This line with another piece in plain text.
    pub(crate) fn and(self, text: impl fmt::Display) -> Self {
        self.with(Tone::Plain, text)
    }
}

impl fmt::Display for Line {
    /// Its pieces, one after the other, as they were given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(_, piece)| f.write_str(piece))
    }
}

/// Text in one line, with every character in it to be seen: characters that a terminal obeys (control characters)
/// or that change how others are read (line breaks, directional and zero-width marks) are written as escapes,
/// `\n` or `\u{1b}`.
pub(crate) fn visible(text: &(impl fmt::Display + ?Sized)) -> String {
    let text = text.to_string();
    if !text.chars().any(is_hidden) {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A number with its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Writes text for people to stdout. A reader that has gone away (`| head`) is no failure.
pub(crate) fn print(page: Page) -> Exit {
    written(io::stdout().lock().write_all(page.text.as_bytes()))
}

/// Writes text for people to stderr, which is beside the answer: a failure to write it changes nothing.
pub(crate) fn say(page: Page) {
    let _ = io::stderr().lock().write_all(page.text.as_bytes());
}

/// Writes a document to stdout, such as YAML that is made by [`escaped::yaml`].
pub(crate) fn print_document(text: &str) -> Exit {
    written(io::stdout().lock().write_all(text.as_bytes()))
}

/// Writes a value to stdout as YAML.
pub(crate) fn print_yaml<T: serde::Serialize>(value: &T) -> Exit {
    match escaped::yaml(value) {
        Ok(text) => print_document(&text),
        Err(error) => fail(format_args!("cannot write the answer as YAML: {error}")),
    }
}

/// Writes a value to stdout as indented JSON, without holding the text of it.
pub(crate) fn print_json<T: serde::Serialize>(value: &T) -> Exit {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let wrote = escaped::pretty(&mut out, value).map_err(io::Error::from);
    written(
        wrote
            .and_then(|()| out.write_all(b"\n"))
            .and_then(|()| out.flush()),
    )
}

fn written(result: io::Result<()>) -> Exit {
    match result.and_then(|()| io::stdout().flush()) {
        Ok(()) => Exit::Clean,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Clean,
        Err(error) => fail(format_args!("cannot write the answer: {error}")),
    }
}

/// Says on stderr why the work could not be done.
pub(crate) fn fail(message: impl fmt::Display) -> Exit {
    let mut page = Page::new(Style::stderr());
    let line = Line::of(Tone::Bad, "error:").and(" ").and(message);
    page.line(0, &line);
    say(page);
    Exit::Failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_input_begins_a_line_or_moves_the_cursor() {
        let text = "a\u{1b}[2K\r\n\u{9b}31m\u{202e}b\u{7}\u{2028}\u{200b}c";
        assert_eq!(
            visible(text),
            "a\\u{1b}[2K\\r\\n\\u{9b}31m\\u{202e}b\\u{7}\\u{2028}\\u{200b}c"
        );
        assert_eq!(visible("ä `b` — ✓"), "ä `b` — ✓");
        for colour in [true, false] {
            let mut page = Page::new(Style { colour });
            let line = [Tone::Bad, Tone::Warn, Tone::Good, Tone::Strong, Tone::Faint]
                .into_iter()
                .fold(Line::plain(text), |line, tone| line.with(tone, text));
            page.line(2, &line);
            let shown = page.into_text();
            assert_eq!(shown.lines().count(), 1);
            let own = if colour { 10 } else { 0 };
            assert_eq!(shown.matches('\u{1b}').count(), own, "{shown:?}");
            assert!(!shown.contains(['\u{9b}', '\u{202e}', '\u{7}', '\r']));
        }
    }
}
