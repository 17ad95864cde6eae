//! That the reader of sources finds what it is there to find, in sources that are made up.

use super::{
    root,
    sources::{House, Module, Source},
    tokens::{tokens, without_tests},
};
use std::collections::BTreeSet;

fn module(path: &str) -> Module {
    path.split("::").map(str::to_owned).collect()
}

/// The circles of sources, with each file as a path.
fn circles(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
    let circles = House::of(sources.iter().copied()).circles();
    let named = |circle: &BTreeSet<Module>| circle.iter().map(|it| it.join("::")).collect();
    circles.iter().map(named).collect()
}

/// The uses of a later stage, of the stages `ground` and `upper`.
fn later(sources: &[(&str, &str)]) -> Vec<String> {
    let (later, _) = House::of(sources.iter().copied()).later_uses(&[&["ground"], &["upper"]]);
    let named = |(from, to): &(Module, Module)| format!("{} -> {}", from.join("::"), to.join("::"));
    later.iter().map(named).collect()
}

#[test]
fn files_that_import_each_other_are_a_circle() {
    let there = ("a/one.rs", "use super::two::Two; pub struct One(Two);");
    let back = (
        "a/two.rs",
        "use crate::a::one::One; pub struct Two(Box<One>);",
    );
    let head = ("a/mod.rs", "mod one; mod two;");
    assert_eq!(circles(&[head, there, back]), [["a::one", "a::two"]]);
    let none = ("a/two.rs", "pub struct Two; // use crate::a::one::One;");
    assert!(circles(&[head, there, none]).is_empty());
    let in_tests = (
        "a/two.rs",
        "pub struct Two; #[cfg(test)] use crate::a::one::One;",
    );
    assert!(circles(&[head, there, in_tests]).is_empty());
    let path = ("a/two.rs", "pub struct Two(Box<crate::a::one::One>);");
    assert_eq!(circles(&[head, there, path]), [["a::one", "a::two"]]);
}

#[test]
fn three_files_in_a_row_that_ends_where_it_begins_are_a_circle() {
    let sources = [
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "use crate::c::C; pub struct B(C);"),
        ("c.rs", "fn c(a: &crate::a::A) {}"),
        ("d.rs", "use crate::a::A; pub struct D(A);"),
    ];
    assert_eq!(circles(&sources), [["a", "b", "c"]]);
}

#[test]
fn a_circle_by_way_of_a_re_export_is_found() {
    let head = (
        "a/mod.rs",
        "mod one; mod two; pub use one::One; pub use two::Two;",
    );
    let there = ("a/one.rs", "use super::Two; pub struct One(Two);");
    let back = (
        "a/two.rs",
        "use crate::a::{One as Other}; pub struct Two(Box<Other>);",
    );
    assert_eq!(circles(&[head, there, back]), [["a::one", "a::two"]]);
    // Through all that a module has.
    let all = (
        "a/mod.rs",
        "mod one; mod two; pub use self::{one::*, two::*};",
    );
    assert_eq!(circles(&[all, there, back]), [["a::one", "a::two"]]);
    // Through two modules.
    let lib = ("lib.rs", "mod a; pub use a::{One, Two};");
    let far = ("a/two.rs", "use crate::One; pub struct Two(Box<One>);");
    assert_eq!(circles(&[lib, head, there, far]), [["a::one", "a::two"]]);
}

#[test]
fn a_head_that_only_re_exports_is_in_no_circle_and_one_that_uses_the_name_is() {
    let part = (
        "a/part.rs",
        "use super::Whole; pub struct Part(Box<Whole>);",
    );
    let only = (
        "a/mod.rs",
        "mod part; pub use part::Part; pub struct Whole;",
    );
    assert!(circles(&[only, part]).is_empty());
    let uses = (
        "a/mod.rs",
        "mod part; pub use part::Part; pub struct Whole(Part);",
    );
    assert_eq!(circles(&[uses, part]), [["a", "a::part"]]);
    // A head that re-exports from elsewhere uses what is there.
    let from = ("a.rs", "pub use crate::b::B; pub struct A;");
    let back = ("b.rs", "use crate::a::A; pub struct B(A);");
    assert_eq!(circles(&[from, back]), [["a", "b"]]);
}

#[test]
fn rooms_that_lead_to_each_other_are_a_circle_even_if_no_files_do() {
    let sources = [
        ("a/mod.rs", "mod low; mod high;"),
        ("b/mod.rs", "mod low; mod high;"),
        ("a/low.rs", "pub struct Low;"),
        ("a/high.rs", "use crate::b::high::High;"),
        ("b/low.rs", "pub struct Low;"),
        ("b/high.rs", "use crate::a::low::Low; pub struct High(Low);"),
    ];
    assert_eq!(circles(&sources), [["a", "b"]]);
}

#[test]
fn an_import_of_a_later_stage_is_found() {
    let upper = ("upper/deep.rs", "use crate::ground::G; pub struct U(G);");
    let ground = |text| {
        later(&[
            ("upper/mod.rs", "mod deep; pub use deep::U;"),
            upper,
            ("ground.rs", text),
        ])
    };
    assert!(ground("pub struct G;").is_empty());
    let found = ["ground -> upper::deep"];
    assert_eq!(ground("use crate::upper::deep::U; pub struct G;"), found);
    assert_eq!(
        ground("pub struct G; fn f() { crate::upper::U::new() }"),
        found
    );
    // Through a re-export.
    assert_eq!(ground("use crate::upper::U; pub struct G;"), found);
    assert_eq!(
        ground("use crate::{upper::{U as Other}}; pub struct G;"),
        found
    );
    // And a re-export itself.
    assert_eq!(ground("pub use crate::upper::U; pub struct G;"), found);
    assert_eq!(
        ground("pub(crate) use crate::upper::deep::*; pub struct G;"),
        found
    );
}

#[test]
fn a_stage_that_re_exports_a_later_one_hides_nothing() {
    let sources = [
        ("lib.rs", "mod ground; mod upper; pub use upper::U;"),
        ("upper.rs", "pub struct U;"),
        ("ground/mod.rs", "mod one; mod two;"),
        ("ground/one.rs", "pub use crate::U;"),
        ("ground/two.rs", "use super::one::U;"),
    ];
    assert_eq!(
        later(&sources),
        ["ground::one -> upper", "ground::two -> upper"]
    );
}

#[test]
fn types_of_one_name_are_found_in_whatever_files_they_are() {
    let house = House::of([
        ("a.rs", "pub struct Same<T>(T); fn f() { struct Inner; }"),
        (
            "b.rs",
            "enum Same {} impl Iterator for Same { type Item = u8; } struct Inner;",
        ),
        (
            "c.rs",
            "type Same = u8; type Item = u8; #[cfg(test)] struct Inner;",
        ),
    ]);
    let repeated = house.repeated_types();
    assert_eq!(repeated.keys().copied().collect::<Vec<_>>(), ["Same"]);
    assert_eq!(repeated["Same"], [&module("a"), &module("b"), &module("c")]);
}

/// The same in the sources of the library: imports are followed through re-exports, and tests are not looked at.
#[test]
fn paths_lead_to_the_file_that_declares_the_name() {
    let house = House::read(&root().join("src"));
    let leads = |from: &str, path: &str| {
        let to = house.lead(&module(from), &module(path), 0);
        to.map(|to| to.join("::"))
    };
    let to = |path: &str| Some(path.to_owned());
    assert_eq!(
        leads("lint", "crate::v1beta1::HttpRouteRule"),
        to("v1::http_route::route")
    );
    assert_eq!(
        leads("v1::gateway::spec", "super::Listener"),
        to("v1::gateway::listener")
    );
    assert_eq!(
        leads("v1", "gateway::status::GatewayStatus"),
        to("v1::gateway::status")
    );
    assert_eq!(
        leads("sim", "crate::proxy::Table"),
        to("proxy::routes::table")
    );
    assert_eq!(leads("v1", "serde::Serialize"), None);
}

#[test]
fn comments_literals_and_tests_are_no_source() {
    let (kept, modules) = without_tests(&tokens(
        "use a::b; #[cfg(test)] mod tests; #[cfg(test)] use c::{d, e}; fn f() { 'x: loop { \"use g;\"; '\\'' } } // h::i\n \
         #[cfg(test)] fn j() { k::l(); } pub(in crate::m) fn n(o: &'static p::Q) {}",
    ));
    assert_eq!(modules, ["tests"]);
    let source = Source::of(&kept);
    assert_eq!(source.imports.len(), 1);
    assert_eq!(source.paths, [["p", "Q"]]);
}
