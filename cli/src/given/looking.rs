//! How far lint looks in a set, and what is said where it looked no further.

use crate::output::{self, Line, Page, Style};
use clap::Args;
use gwapi::lint::{
    LintOptions,
    near::{Met, NearLimits},
};

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
    /// With how many others each match is compared for one that takes all that it does. A match with a longer path (in bytes),
    /// or with more conditions than a sixteenth of it, is not looked at to the end either
    #[arg(long, value_name = "NUMBER", default_value_t = LintOptions::default().max_compared)]
    max_compared: usize,
    /// How many regular expressions for paths are compared with other paths, in all, for what no request reaches
    #[arg(long, value_name = "NUMBER", default_value_t = LintOptions::default().max_compared_patterns)]
    max_compared_patterns: usize,
    /// How often a client is redirected before nothing more is said of where that leads
    #[arg(long, value_name = "NUMBER", default_value_t = LintOptions::default().max_hops)]
    max_hops: usize,
}

/// How far is looked for what is nearly meant; every verb that has hints takes it.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct NearArgs {
    /// How many objects are looked at, in all, for what references and requests that fail are nearly meant to name
    #[arg(long, value_name = "NUMBER", default_value_t = NearLimits::default().max_objects)]
    max_near_objects: usize,
    /// How many objects are looked at for one of them; of ReferenceGrants each entry of `from` counts with each of `to`
    #[arg(long, value_name = "NUMBER", default_value_t = NearLimits::default().max_candidates)]
    max_near_candidates: usize,
    /// How many listeners are asked whether they would take a route or a request
    #[arg(long, value_name = "NUMBER", default_value_t = NearLimits::default().max_listeners)]
    max_near_listeners: usize,
    /// How many routes that are left out are tried for one request, each by resolving all objects with it
    #[arg(long, value_name = "NUMBER", default_value_t = NearLimits::default().max_tried)]
    max_near_tried: usize,
}

impl NearArgs {
    pub(crate) fn limits(self) -> NearLimits {
        let mut limits = NearLimits::default();
        limits.max_objects = self.max_near_objects;
        limits.max_candidates = self.max_near_candidates;
        limits.max_listeners = self.max_near_listeners;
        limits.max_tried = self.max_near_tried;
        limits
    }
}

impl LookingArgs {
    pub(crate) fn options(self) -> LintOptions {
        let mut options = LintOptions::default();
        options.max_matches = self.max_matches;
        options.max_namespaces = self.max_namespaces;
        options.max_compared = self.max_compared;
        options.max_compared_patterns = self.max_compared_patterns;
        options.max_hops = self.max_hops;
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
        "max_compared" => format!(
            "findings on what no request reaches may be missing for {}: each is compared with {most} others, or less; `--max-compared` allows more",
            some("match of a table", "matches of tables")
        ),
        "max_compared_patterns" => format!(
            "findings on what no request reaches may be missing: of regular expressions for paths, {most} are compared with other paths in all, and {} not; `--max-compared-patterns` allows more",
            some("more was", "more were")
        ),
        "max_table_patterns" => format!(
            "findings on regular expressions may be missing: they are looked at up to {most} bytes, compiled and together, and {} not; `--max-table-patterns` allows more",
            some("time one was", "times one was")
        ),
        "max_hops" => format!(
            "findings on redirects may be missing: a client is redirected {most} times, or less, and {} further; `--max-hops` allows more",
            some("way leads", "ways lead")
        ),
        "max_candidates" => format!(
            "hints may be missing for {}: {most} objects are looked at for each; `--max-near-candidates` allows more",
            some("reference or request", "references and requests")
        ),
        "max_tried" => format!(
            "hints may be missing for {}: of the routes that are left out, {most} are tried; `--max-near-tried` allows more",
            some("request", "requests")
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
