//! TCPRoute and UDPRoute: the payload by port alone.

use std::collections::BTreeMap;

use super::matching::rank::Rank;

/// Payloads by port (TCPRoute, UDPRoute): of several routes on a port the oldest one has it, then the first by
/// `namespace/name`, then the earlier rule. TCP and UDP have a table each.
#[derive(Debug, Clone)]
pub struct PortTable<T> {
    ports: BTreeMap<u16, (Rank, T)>,
}

impl<T> Default for PortTable<T> {
    fn default() -> Self {
        Self {
            ports: BTreeMap::new(),
        }
    }
}

impl<T> PortTable<T> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route to a port. Of several the one that ranks first stays.
    pub fn insert(&mut self, port: u16, rank: Rank, payload: T) {
        if self.ports.get(&port).is_none_or(|(held, _)| rank < *held) {
            self.ports.insert(port, (rank, payload));
        }
    }

    /// The payload of a port.
    pub fn find(&self, port: u16) -> Option<&T> {
        self.ports.get(&port).map(|(_, payload)| payload)
    }
}

impl<T> FromIterator<(u16, Rank, T)> for PortTable<T> {
    fn from_iter<I: IntoIterator<Item = (u16, Rank, T)>>(entries: I) -> Self {
        let mut table = Self::new();
        for (port, rank, payload) in entries {
            table.insert(port, rank, payload);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_port_belongs_to_the_oldest_route_then_to_the_first_by_name() {
        let old = Rank::new("default/z", 0, 0).created(SystemTime::UNIX_EPOCH);
        let rows = [
            (80, Rank::new("default/b", 0, 0), "b"),
            (80, old, "old"),
            (81, Rank::new("a/b", 0, 0), "later"),
        ];
        let mut table: PortTable<_> = rows.into_iter().collect();
        table.insert(81, Rank::new("a/a", 1, 0), "first");
        assert_eq!(
            (table.find(80), table.find(81), table.find(82)),
            (Some(&"old"), Some(&"first"), None)
        );
    }
}
