//! Problems for people, each with its line.

use super::{
    problem::{Problem, Problems, Severity},
    source::Input,
};
use crate::{
    line,
    output::{Line, Page, Style, Tone, is_hidden, say},
};
use std::io::{BufReader, Read};

impl Input {
    /// Prints the problems on stderr, each with its line.
    pub(crate) fn print_problems(&self, problems: &Problems) {
        let (mut shown, mut page) = (Shown::new(self), Page::new(Style::stderr()));
        for problem in problems.kept.iter().take(self.max_shown) {
            shown.show(problem, &mut page);
        }
        let more = problems.all() - problems.kept.len().min(self.max_shown);
        if more > 0 {
            page.line(0, &Line::plain(beyond(more, "")));
        }
        say(page);
    }
}

/// That so many more are not shown, and what shows them.
pub(crate) fn beyond(more: usize, what: &str) -> String {
    format!("… and {more} more{what}: `--max-shown` allows more")
}

/// Shows problems. Those of one file are best shown in the order of their lines: a file is then read once, and no more
/// than a line of it is kept.
pub(crate) struct Shown<'i> {
    input: &'i Input,
    open: Option<Open<'i>>,
}

/// A file that is being read.
struct Open<'i> {
    /// Its index.
    source: usize,
    from: BufReader<Box<dyn Read + 'i>>,
    /// The number of the present line, from 1; 0 before the first.
    number: usize,
    /// What of it is kept.
    line: Vec<u8>,
    found: line::Line,
}

impl<'i> Shown<'i> {
    pub(crate) fn new(input: &'i Input) -> Self {
        Self { input, open: None }
    }

    /// Adds a problem to a page: file, line and column, object and field, and the line itself.
    pub(crate) fn show(&mut self, problem: &Problem, page: &mut Page) {
        let (tone, severity) = match problem.severity {
            Severity::Error => (Tone::Bad, "error"),
            Severity::Warning => (Tone::Warn, "warning"),
        };
        let mut line = Line::of(tone, severity).and(": ").and(&problem.file);
        if problem.line > 0 {
            line = line.and(format_args!(":{}:{}", problem.line, problem.column));
        }
        let object = problem.object.to_string();
        if !object.is_empty() {
            line = line.and(": ").with(Tone::Strong, object);
        }
        if !problem.path.is_empty() {
            line = line.and(": ").and(&problem.path);
        }
        let line = line.and(": ").and(&problem.message);
        page.line(0, &line.and(format_args!(" [{}]", problem.rule)));
        if let Some(line) = self.line(&problem.file, problem.line) {
            let number = problem.line.to_string();
            let (shown, caret) = excerpt(&line, problem.column);
            let bar = |gutter: &str| Line::plain(format_args!(" {gutter} ")).with(Tone::Faint, "|");
            let empty = " ".repeat(number.len());
            page.line(0, &bar(&empty));
            page.line(0, &bar(&number).and(" ").and(shown));
            let before = " ".repeat(caret + 1);
            page.line(0, &bar(&empty).and(before).with(Tone::Bad, "^"));
        }
        if let Some(origin) = &problem.origin {
            page.line(2, &Line::plain("rendered from ").and(origin));
        }
        if let Some(help) = &problem.help {
            page.line(2, &Line::plain("help: ").and(help));
        }
    }

    /// A line of a file, from 1; nothing where there is none, or where it is too long to be one that a person wrote.
    fn line(&mut self, file: &str, number: usize) -> Option<String> {
        const LONGEST: usize = 64 << 10;
        let index = *self.input.by_name.get(file)?;
        if number == 0 {
            return None;
        }
        let goes_on =
            |open: &mut Open<'_>| open.source == index && (1..=number).contains(&open.number);
        let mut open = match self.open.take_if(goes_on) {
            Some(open) => open,
            None => Open {
                source: index,
                from: BufReader::new(self.input.sources.get(index)?.open().ok()?),
                number: 0,
                line: Vec::new(),
                found: line::Line::Whole,
            },
        };
        while open.number < number && open.found != line::Line::End {
            open.found = line::read(&mut open.from, &mut open.line, LONGEST).ok()?;
            open.number += 1;
        }
        let open = self.open.insert(open);
        (open.found == line::Line::Whole).then(|| {
            let line = open.line.strip_suffix(b"\r").unwrap_or(&open.line);
            String::from_utf8_lossy(line).into_owned()
        })
    }
}

/// The part of a line around a column, at most 120 characters of it, and where the column then is. Control
/// characters, which could play tricks on a terminal, become spaces.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    const WIDTH: usize = 120;
    let column = column.saturating_sub(1);
    let from = column.saturating_sub(WIDTH * 2 / 3);
    let mut shown: String = line
        .chars()
        .skip(from)
        .take(WIDTH)
        .map(|c| if is_hidden(c) { ' ' } else { c })
        .collect();
    if from > 0 {
        shown.insert_str(0, "… ");
    }
    if line.chars().nth(from + WIDTH).is_some() {
        shown.push_str(" …");
    }
    (shown, column - from + if from > 0 { 2 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{entry::Entry, place::Place, source::Source},
        *,
    };
    use crate::output::Style;

    fn input(files: &[(&str, String)]) -> Input {
        let mut input = Input::default();
        for (name, text) in files {
            let text = Place::Kept(text.clone().into_bytes().into());
            input.add_source(Source {
                name: (*name).to_owned(),
                place: text,
                ..Source::default()
            });
        }
        input
    }

    #[test]
    fn a_long_line_is_shown_around_the_column() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let (shown, caret) = excerpt(&line, 501);
        assert_eq!(shown.chars().nth(caret), Some('X'));
        assert!(shown.chars().count() < 130);
        assert_eq!(excerpt("a\u{1b}b", 3), ("a b".to_owned(), 2));
    }

    #[test]
    fn a_problem_is_shown_with_its_line() {
        let text = "kind: Pod\nmetadata: {name: a, name: b}\n";
        let input = input(&[("tea.yaml", text.to_owned())]);
        let mut read = gwapi::manifest::read(text.as_bytes(), &input.options);
        let entry = Entry::literal(read.entries.remove(0));
        let problem = Problem::of_duplicates("tea.yaml", &entry).next();
        let mut page = Page::new(Style::plain());
        Shown::new(&input).show(&problem.unwrap(), &mut page);
        assert_eq!(
            page.into_text(),
            "warning: tea.yaml:2:21: Pod b: metadata.name: the key is given twice, first in line 2 \
             [manifest/duplicate-key]\n   |\n 2 | metadata: {name: a, name: b}\n   \
             |                     ^\n  help: give the key once\n"
        );
    }

    #[test]
    fn every_line_is_found_and_a_line_of_megabytes_is_not_shown() {
        let line = |n: usize| format!("# {n} {}", "x".repeat(n % 7 * 500));
        let text = (1..=1_000).fold(String::new(), |text, n| text + &line(n) + "\r\n") + "# end";
        let long = format!("# {}\nshort", "x".repeat(2 << 20));
        let input = input(&[("a", text), ("b", long)]);
        let mut shown = Shown::new(&input);
        for number in 1..=1_000 {
            assert_eq!(shown.line("a", number).unwrap(), line(number));
        }
        assert_eq!(shown.line("a", 1_001).unwrap(), "# end");
        assert_eq!(shown.line("a", 1_002), None);
        assert_eq!(shown.line("a", 0), None);
        assert_eq!(shown.line("b", 1), None);
        assert_eq!(shown.line("b", 2).unwrap(), "short");
        // Also a line before those, and one that was shown already.
        for number in [700, 3, 3, 4] {
            assert_eq!(shown.line("a", number).unwrap(), line(number));
        }
    }
}
