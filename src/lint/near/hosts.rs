//! Hostnames that are nearly the same.

/// What is most likely meant by a hostname that nearly lies within another one.
pub(in crate::lint) fn near_host(own: &str, near: &str, whose: &str) -> String {
    match near.starts_with("*.") {
        true => format!("`{own}` is nearly within `{near}`, which {whose} serves"),
        false => format!("did you mean `{near}`, which {whose} serves, in place of `{own}`?"),
    }
}

/// What is said of a hostname of a route that is accepted all the same.
pub(in crate::lint) fn not_served(own: &str) -> String {
    format!(
        "no listener that accepts the route serves `{own}`: no request for it reaches the route"
    )
}

/// Whether a hostname would lie within another one but for a letter or two.
pub(in crate::lint) fn is_near_host(own: &str, served: &str) -> bool {
    let (own, served) = (own.to_ascii_lowercase(), served.to_ascii_lowercase());
    let compared = match served.strip_prefix("*.") {
        Some(suffix) => {
            let labels = suffix.split('.').count();
            let own_labels: Vec<&str> = own.split('.').collect();
            let from = own_labels
                .len()
                .checked_sub(labels)
                .filter(|from| *from > 0);
            let Some(tail) = from.and_then(|from| own_labels.get(from..)) else {
                return false;
            };
            (tail.join("."), suffix.to_owned())
        }
        None => (own, served),
    };
    let (one, other) = compared;
    one.len() <= 253
        && other.len() <= 253
        && one != other
        && strsim::osa_distance(&one, &other) <= 2
}
