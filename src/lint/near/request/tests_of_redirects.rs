//! Help for redirects that lead nowhere.

use super::{
    Around,
    tests::{around, object},
};

#[test]
fn a_redirect_that_leads_nowhere_is_helped() {
    let spec = "{ parentRefs: [{ name: front }], rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }] }] }";
    let help = around(&object("HTTPRoute", "r", spec), "http://a.example/").help;
    assert_eq!(
        help,
        [
            "add a listener with `protocol: HTTPS` on port 443 to Gateway shop/front, and attach HTTPRoute shop/r to listener \
             `one` only, by `sectionName`",
            "if a load balancer in front of the Gateway ends TLS, let that redirect: the Gateway sees HTTP alone, and \
             would redirect each request again",
        ]
    );
}

/// HTTPRoute `requestRedirect`: the client asks again, and has to find another answer.
#[test]
fn a_redirect_that_leads_nowhere_or_in_a_circle_says_what_it_needs() {
    let redirect = |listener: &str, redirect: &str| {
        let spec = format!(
            "{{ parentRefs: [{{ name: front{listener} }}], rules: [{{ filters: [{{ type: RequestRedirect, requestRedirect: {redirect} }}] }}] }}"
        );
        object("HTTPRoute", "r", &spec)
    };
    let found = around(&redirect("", "{ port: 81 }"), "http://x.example/a");
    assert_eq!(
        found.help,
        ["attach HTTPRoute shop/r to listener `one` only, by `sectionName`"],
        "{found:#?}"
    );
    assert!(
        found.why[0]
            .starts_with("the redirect is a loop: the client is led to http://x.example:81/a"),
        "{found:#?}"
    );
    let one = redirect(", sectionName: one", "{ port: 81 }");
    assert_eq!(around(&one, "http://x.example/a"), Around::default());
}

#[test]
fn a_redirect_of_a_service_that_comes_back_is_told_with_the_rule() {
    let redirect = "rules: [{ filters: [{ type: RequestRedirect, requestRedirect: { path: { type: ReplaceFullPath, replaceFullPath: /x } } }] }]";
    let spec =
        format!("{{ parentRefs: [{{ group: '', kind: Service, name: cart }}], {redirect} }}");
    let found = around(&object("HTTPRoute", "r", &spec), "http://cart.shop/x");
    assert_eq!(
        found.why,
        ["the redirect is a loop: the client is led to http://cart.shop/x again and again"]
    );
    assert_eq!(
        found.help,
        [
            "let the `RequestRedirect` of `spec.rules[0]` of HTTPRoute shop/r lead to a URL that the rule does not match"
        ]
    );
    assert!(found.amiss);
}
