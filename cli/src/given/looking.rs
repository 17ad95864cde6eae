//! How far lint looks in a set, and what is said where it looked no further.

use crate::output::{self, Line, Page, Style};
use clap::Args;
use gwapi::lint::{LintOptions, near::Met};

/// How far lint looks; every verb that says what is wrong with a set as a whole takes it.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct LookingArgs {
    /// How many matches are looked at for what no request reaches, at all listeners together and once for each hostname;
    /// and once more as many for redirects in circles
    #[arg(long, value_name = "NUMBER", default_value_t = LintOptions::default().max_matches)]
    max_matches: usize,
    /// How many Namespaces selectors of listeners are compared with, in all, for those that select none
    #[arg(long, value_name = "NUMBER", default_value_t = LintOptions::default().max_namespaces)]
    max_namespaces: usize,
}

impl LookingArgs {
    pub(crate) fn options(self) -> LintOptions {
        let mut options = LintOptions::default();
        options.max_matches = self.max_matches;
        options.max_namespaces = self.max_namespaces;
        options
    }
}

/// Says on stderr which bounds were met in looking for what is nearly meant, or wrong, and which option allows more.
pub(crate) fn say_met(met: &[Met]) {
    let mut page = Page::new(Style::stderr());
    for met in met {
        page.line(0, &Line::plain(text(met)));
    }
    output::say(page);
}

fn text(met: &Met) -> String {
    let most = met.most;
    let some = |one: &str, many: &str| match met.cut_short {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    match met.bound {
        "max_matches" => format!(
            "findings on what no request reaches may be missing for {}: {most} matches are looked at in all; `--max-matches` allows more",
            some("listener or Service", "listeners and Services")
        ),
        "max_namespaces" => format!(
            "findings on selectors that select no Namespace may be missing for {}: {most} Namespaces are looked at in all; `--max-namespaces` allows more",
            some("selector", "selectors")
        ),
        bound => {
            let what = bound.trim_start_matches("max_");
            let places = match what {
                "objects" => some("reference", "references"),
                _ => some("request", "requests"),
            };
            format!(
                "hints may be missing for {places}: of {what}, {most} are looked at in all; `--max-near-{what}` allows more"
            )
        }
    }
}
