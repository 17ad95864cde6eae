//! Why a route gets no request somewhere, for people.

use crate::{attachment::RouteId, lint::near::Near, meta::NamespacedName, rules::set as rules};
use std::collections::BTreeSet;

/// A match on the header `Host` that is for another host than those that a route has in one table.
#[derive(Clone, Debug)]
pub(super) struct OtherHost {
    /// Its place among the headers of the match.
    pub(super) header: usize,
    pub(super) asked: String,
    /// The hosts of the route, as far as they were compared.
    pub(super) hosts: BTreeSet<String>,
}

impl OtherHost {
    /// What is asked for, and what there is.
    pub(super) fn shown(&self) -> String {
        const SHOWN: usize = 4;
        let hosts = self.hosts.iter().take(SHOWN);
        let mut hosts: Vec<String> = hosts.map(|host| format!("`{host}`")).collect();
        if self.hosts.len() > SHOWN {
            hosts.push("others".to_owned());
        }
        let (asked, hosts) = (&self.asked, hosts.join(", "));
        format!("the `Host` `{asked}`, and the route has requests for {hosts} alone")
    }
}

/// That no request reaches a route somewhere.
pub(super) struct Loss {
    pub(super) route: RouteId,
    /// Where, and why.
    pub(super) why: String,
    /// The Gateway and the listeners that have its hosts in place of one which has the route; nothing where another route takes
    /// what it would get.
    pub(super) owners: Option<(NamespacedName, Vec<String>)>,
    /// Whether its own matches are the cause.
    pub(super) by_itself: bool,
}

impl Loss {
    /// What it takes for the route to be at the listeners that have its hosts.
    pub(super) fn help(&self, near: &Near<'_>) -> String {
        const SHOWN: usize = 4;
        if self.by_itself {
            return rules::HOST_IS_OF_ROUTE.help.to_owned();
        }
        let Some((gateway, owners)) = &self.owners else {
            return "attach the two routes to different listeners or ports, or remove one of them"
                .to_owned();
        };
        let owners = owners.iter().take(SHOWN);
        let each: Vec<String> = owners
            .map(|owner| near.to_have(&self.route, gateway, owner, "the route"))
            .collect();
        each.join("; ")
    }
}
