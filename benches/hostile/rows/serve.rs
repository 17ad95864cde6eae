//! What `serve` makes of its lines.

use super::{Row, row};
use crate::{inputs, measure::command};

/// What `serve` makes of its lines.
pub(super) fn served() -> Vec<Row> {
    let serve = |input: Vec<u8>, says| command(&["serve", "--stdio"], input, (0, says));
    let apply = |objects: &str| {
        let objects: Vec<&str> = objects.lines().collect();
        format!(
            "{{\"op\": \"apply\", \"objects\": [{}]}}\n",
            objects.join(",")
        )
    };
    vec![
        row("serve: a line without end", (10, 200), move |n| {
            serve(
                vec![b'['; n << 25],
                if n == 4 {
                    "`--max-line` allows longer ones"
                } else {
                    ""
                },
            )
        }),
        row("serve: a line of values", (10, 200), move |n| {
            let line = format!("{{\"op\": [{}0]}}\n", "[],".repeat(n * 200_000));
            serve(line.into(), "the line is not a")
        }),
        row("serve: a line of small maps", (10, 500), move |n| {
            let line = format!("{{\"op\": [{}0]}}\n", "{\"a\":0},".repeat(n * 100_000));
            serve(line.into(), "the line is not a")
        }),
        row("serve: lists in lists", (10, 200), move |n| {
            let line = format!("{{\"op\": {}\n", "[".repeat(n * 1_000_000));
            serve(line.into(), "nest deeper than")
        }),
        row("serve: many lines", (10, 200), move |n| {
            serve("{\"op\": \"clock\"}\n".repeat(n * 20_000).into(), "\"now\"")
        }),
        row(
            "serve: many routes, and all statuses",
            (10, 500),
            move |n| {
                let text = apply(&inputs::many_hostnames(n)) + "{\"op\": \"status\"}\n";
                serve(text.into(), "\"items\"")
            },
        ),
        row(
            "serve: objects that are not in force",
            (10, 500),
            move |n| {
                let text = apply(&"{\"kind\":\"A\"}\n".repeat(n * 5_000));
                serve(text.into(), "\"ignored\"")
            },
        ),
        row(
            "serve: changes and requests in turn, more routes",
            (10, 200),
            move |n| {
                serve(
                    inputs::changes_in_turn(n * 500, 100).into(),
                    "`x99.example.com`",
                )
            },
        ),
        row(
            "serve: changes and requests in turn, more of them",
            (10, 200),
            move |n| {
                serve(
                    inputs::changes_in_turn(500, n * 100).into(),
                    "`x99.example.com`",
                )
            },
        ),
        // Each one has all objects judged anew.
        row(
            "serve: configurations in turn, more routes",
            (20, 200),
            move |n| {
                let text = inputs::configurations_in_turn(n * 100, 20);
                serve(text.into(), "\"ok\":true")
            },
        ),
        row(
            "serve: configurations in turn, more of them",
            (20, 200),
            move |n| {
                let text = inputs::configurations_in_turn(100, n * 20);
                serve(text.into(), "\"ok\":true")
            },
        ),
        // Each one looks at all routes for what would have taken it.
        row(
            "serve: requests for nobody, more routes",
            (20, 200),
            move |n| {
                let text = inputs::requests_for_nobody(n * 500, 100);
                serve(text.into(), "\"refused\"")
            },
        ),
        row(
            "serve: requests for nobody, more of them",
            (20, 200),
            move |n| {
                let text = inputs::requests_for_nobody(500, n * 100);
                serve(text.into(), "\"refused\"")
            },
        ),
        row(
            "serve: requests beside refused routes",
            (20, 500),
            move |n| {
                let text = inputs::requests_beside_refused(n * 1_500, 50);
                serve(text.into(), "\"ignoredMore\"")
            },
        ),
        row("serve: a reply that is too long", (10, 500), move |n| {
            let line = apply(&inputs::many_hostnames(n)) + "{\"op\": \"status\"}\n";
            command(
                &["serve", "--stdio", "--max-reply", "10000"],
                line.into(),
                (0, "`--max-reply` allows longer ones"),
            )
        }),
    ]
}
