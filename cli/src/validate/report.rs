//! Findings in the forms that CI systems read: annotations of GitHub, SARIF 2.1.0, JUnit.

use crate::{
    input::{Problem, Severity},
    output::{Exit, fail, print_document, print_json, visible},
};
use gwapi::rules;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What the reports say beside the findings.
pub(super) struct ReportFrame<'a> {
    /// How much was judged, and what was passed over.
    pub(super) summary: &'a [String],
    /// Whether something that was named could not be read.
    pub(super) failed: bool,
}

/// What a report says where something could not be read.
const UNREAD: &str = "not all that was named could be read";

/// Where a problem is shown: at its line of the file that was read. Where that is no file, or the one from which the object was
/// rendered is there as well, it is shown in the latter, of which no line is known.
/// Whoever reads reports compares paths with those of a repository, which do not begin with `./`.
fn place(problem: &Problem) -> (&str, Option<(usize, usize)>) {
    let read = (problem.line > 0).then_some((problem.line, problem.column.max(1)));
    let (file, at) = match shown_origin(problem) {
        Some(origin) => (origin, None),
        None => (problem.file.as_str(), read),
    };
    let mut path = file;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    (path, at)
}

/// The file from which an object was rendered, where a problem is shown there: what was read is no file, or the other one is there,
/// too.
fn shown_origin(problem: &Problem) -> Option<&str> {
    let origin = problem.origin.as_deref()?;
    (is_no_file(&problem.file) || Path::new(origin).is_file()).then_some(origin)
}

/// Whether a name is that of stdin or of a cluster.
fn is_no_file(name: &str) -> bool {
    name.starts_with('<') && name.ends_with('>')
}

/// What there is to say of a problem, in a few lines.
fn text(problem: &Problem) -> String {
    let mut text = String::new();
    let object = problem.object.to_string();
    for part in [&object, &problem.path] {
        if !part.is_empty() {
            text.push_str(&visible(part));
            text.push_str(": ");
        }
    }
    text.push_str(&visible(&problem.message));
    if let Some(origin) = &problem.origin
        && shown_origin(problem).is_none()
    {
        text.push_str("\nrendered from ");
        text.push_str(&visible(origin));
    }
    if let Some(help) = &problem.help {
        text.push_str("\nhelp: ");
        text.push_str(&visible(help));
    }
    text
}

/// Workflow commands of GitHub, one a line: each becomes a remark at its line of the change.
pub(super) fn github(problems: &[Problem], around: &ReportFrame<'_>) -> Exit {
    // The one for texts, and the one for what stands before them.
    let data = |text: &str| {
        let text = text.replace('%', "%25").replace('\r', "%0D");
        text.replace('\n', "%0A")
    };
    let property = |text: &str| data(&visible(text)).replace(':', "%3A").replace(',', "%2C");
    let mut lines = String::new();
    for problem in problems {
        let command = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (file, at) = place(problem);
        let at = at.map(|(line, column)| format!(",line={line},col={column}"));
        lines.push_str(&format!(
            "::{command} file={}{},title={}::{}\n",
            property(file),
            at.unwrap_or_default(),
            property(&problem.rule),
            data(&text(problem))
        ));
    }
    if around.failed {
        lines.push_str(&format!("::error title=gwapi validate::{UNREAD}\n"));
    }
    for line in around.summary {
        lines.push_str(&visible(line));
        lines.push('\n');
    }
    print_document(&lines)
}

/// A SARIF log, of the types that its schema has.
pub(super) fn sarif(problems: &[Problem], around: &ReportFrame<'_>) -> Exit {
    let used: BTreeSet<&str> = problems
        .iter()
        .map(|problem| problem.rule.as_str())
        .collect();
    let known: BTreeMap<_, _> = rules::known()
        .into_iter()
        .map(|rule| (rule.id, rule))
        .collect();
    let descriptors: Vec<Value> = used
        .iter()
        .map(|id| match known.get(id) {
            Some(rule) => json!({
                "id": id,
                "shortDescription": {"text": rule.meaning},
                "help": {"text": if rule.help.is_empty() { rule.meaning } else { rule.help }},
                "defaultConfiguration": {"level": rule.severity.as_str()},
            }),
            None => json!({"id": id}),
        })
        .collect();
    let results: Vec<Value> = problems
        .iter()
        .map(|problem| {
            let (file, at) = place(problem);
            let mut physical = json!({"artifactLocation": {"uri": uri(file)}});
            if let (Some((line, column)), Some(physical)) = (at, physical.as_object_mut()) {
                let region = json!({"startLine": line, "startColumn": column});
                physical.insert("region".to_owned(), region);
            }
            json!({
                "ruleId": problem.rule,
                "ruleIndex": used.iter().position(|id| *id == problem.rule),
                "level": match problem.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                "message": {"text": text(problem)},
                "locations": [{"physicalLocation": physical}],
            })
        })
        .collect();
    let mut invocation = json!({"executionSuccessful": !around.failed});
    if around.failed
        && let Some(invocation) = invocation.as_object_mut()
    {
        let said = json!([{"level": "error", "message": {"text": UNREAD}}]);
        invocation.insert("toolExecutionNotifications".to_owned(), said);
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gwapi",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    });
    // What does not fit the types of the schema would not be valid.
    match serde_json::from_value::<serde_sarif::sarif::Sarif>(log) {
        Ok(log) => print_json(&log),
        Err(error) => fail(format_args!("cannot write the answer as SARIF: {error}")),
    }
}

/// A path as a URI reference; of what is no file its name.
fn uri(path: &str) -> String {
    let path = match is_no_file(path) {
        true => path.trim_matches(['<', '>']),
        false => path,
    };
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// A JUnit report: a suite for each file with findings, each of which is a test that failed; warnings fail where `fails` says so, and
/// are skipped otherwise. One test more says that all was judged.
pub(super) fn junit(problems: &[Problem], around: &ReportFrame<'_>, warnings_fail: bool) -> Exit {
    let mut report = Report::new("gwapi validate");
    let mut all = TestSuite::new("gwapi validate");
    let status = match around.failed {
        true => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("unreadable").set_message(UNREAD);
            status
        }
        false => TestCaseStatus::success(),
    };
    let mut judged = TestCase::new("all objects are judged", status);
    if !around.summary.is_empty() {
        let lines: Vec<_> = around.summary.iter().map(visible).collect();
        judged.set_system_out(lines.join("\n"));
    }
    all.add_test_case(judged);
    report.add_test_suite(all);
    let mut by_file: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        by_file.entry(place(problem).0).or_default().push(problem);
    }
    for (file, problems) in by_file {
        let mut suite = TestSuite::new(visible(file));
        for problem in problems {
            let mut status = match problem.severity {
                Severity::Warning if !warnings_fail => TestCaseStatus::skipped(),
                _ => TestCaseStatus::non_success(NonSuccessKind::Failure),
            };
            status.set_type(visible(&problem.rule));
            status.set_message(visible(&problem.message));
            status.set_description(text(problem));
            let at = match place(problem).1 {
                Some((line, column)) => format!(":{line}:{column}"),
                None => String::new(),
            };
            let name = format!("{}{at}: {}", visible(file), visible(&problem.rule));
            let mut case = TestCase::new(name, status);
            case.set_classname(visible(&problem.object));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    match report.to_string() {
        Ok(text) => print_document(&without_skipped_of_all(text)),
        Err(error) => fail(format_args!("cannot write the answer as JUnit: {error}")),
    }
}

/// The report without the count of skipped tests of all suites together: schemas know it of each suite alone.
fn without_skipped_of_all(report: String) -> String {
    const COUNT: &str = " skipped=\"";
    let Some(start) = report.find("<testsuites ") else {
        return report;
    };
    let (before, rest) = report.split_at(start);
    let (tag, after) = rest.split_at(rest.find('>').unwrap_or(rest.len()));
    let Some((first, last)) = tag.split_once(COUNT) else {
        return report;
    };
    let last = last.split_once('"').map_or("", |(_, last)| last);
    format!("{before}{first}{last}{after}")
}
