//! What was given and has no effect, or another one than it looks, is named by every verb.

use crate::{
    one_story::{BASE, CART, HTTP, ask, gateway, object, texts, warned},
    support::{about, run, status},
};

fn attached(name: &str, parent: &str, more: &str) -> String {
    object(
        "v1",
        "HTTPRoute",
        name,
        &format!("parentRefs: [{{ name: {parent} }}], {more}"),
    )
}

/// Gateway `spec.tls.frontend`: it is for HTTPS listeners.
#[test]
fn a_setting_for_clients_of_listeners_that_are_not_there_is_named() {
    let frontend =
        "tls: { frontend: { default: {}, perPort: [{ port: 9999, tls: {} }] } }, listeners";
    let set = BASE.to_owned()
        + &gateway(HTTP).replace("listeners", frontend)
        + &attached("r", "front", CART);
    let said = "no HTTPS listener has port 9999: the entry has no effect; the Gateway has no HTTPS listener";
    assert!(warned(&set).contains(said), "{}", warned(&set));
    let (text, code) = status(&set, &[]);
    assert_eq!(code, Some(1));
    assert!(about(&text, "Gateway").contains(said), "{text}");
    let (code, answer) = ask("http://a.test/", &set);
    assert_eq!(code, Some(1));
    assert!(texts(&answer, "why").contains(said), "{answer:#}");
}
