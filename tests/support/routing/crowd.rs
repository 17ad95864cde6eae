//! Route sets in which many entries stand in one place and one thing tells them apart: the work of the indexes.

use std::sync::Arc;

use gwapi::{
    meta::Age,
    routing::{
        Entry, GrpcMatch, HeaderMatch, HostPattern, HttpMatch, Match, PathMatch, QueryMatch, Rank,
        ValueMatch,
    },
};

use super::routes::{headers, pattern, value};
use super::{Choices, Route};

/// What tells the entries of a crowd apart.
#[derive(Clone, Copy)]
pub enum Apart {
    Header,
    Query,
    /// The name of a header or query parameter, and not its value.
    Name,
    /// Two names, of which many entries have each, and two of which only one entry has both.
    Names,
    Method,
    Exact,
    Prefix,
    Depth,
    Host,
    Suffix,
    Call,
    /// Nothing: all of them fit, down to age, name, rule and match.
    Nothing,
}

const ALL: [Apart; 14] = [
    Apart::Header,
    Apart::Query,
    // Twice as often as the others.
    Apart::Name,
    Apart::Name,
    Apart::Names,
    Apart::Names,
    Apart::Method,
    Apart::Exact,
    Apart::Prefix,
    Apart::Depth,
    Apart::Host,
    Apart::Suffix,
    Apart::Call,
    Apart::Nothing,
];

/// A crowd: what tells its entries apart, and out of how many values.
#[derive(Clone, Copy)]
pub struct Crowd {
    apart: Apart,
    values: usize,
}

/// Mostly one value, sometimes another or a pattern.
fn http_value(c: &mut impl Choices) -> ValueMatch {
    if c.one_in(4) {
        value(c)
    } else {
        ValueMatch::exact("1")
    }
}

/// Asks for the header or query parameter of this number.
fn name(number: usize, value: ValueMatch, http: &mut HttpMatch) {
    if number.is_multiple_of(3) {
        // Some names have to be encoded, and some are long.
        let name = match number % 4 {
            0 => format!("n{number}"),
            1 => format!("n {number}"),
            2 => format!("n&{number}="),
            _ => format!("{}{number}", "n".repeat(80)),
        };
        let name = name.as_str().into();
        http.query.push(QueryMatch { name, value });
    } else {
        let long = if number % 4 == 3 { 80 } else { 1 };
        let name = format!("{}-{number}", "n".repeat(long));
        let name = name.parse().unwrap();
        http.headers.push(HeaderMatch { name, value });
    }
}

impl Crowd {
    pub fn new(c: &mut impl Choices) -> Self {
        Self {
            apart: ALL[c.below(ALL.len())],
            values: [3, 12, 60, 250][c.below(4)],
        }
    }

    /// A route of a few rules, each with the next value or any.
    pub fn route(self, at: usize, c: &mut impl Choices) -> Route {
        let key: Arc<str> = format!("ns{}/r{at}", at % 2).into();
        let age = (!c.one_in(4)).then(|| Age::at_second(c.below(3) as i64));
        let mut entries = Vec::new();
        for rule in 0..1 + c.below(6) as u32 {
            for index in 0..=c.below(2) as u32 {
                let number = if c.one_in(3) {
                    c.below(self.values)
                } else {
                    (at * 7 + rule as usize) % self.values
                };
                let mut rank = Rank::new(key.clone(), rule, index);
                rank.age = age.unwrap_or(Age::UNKNOWN);
                let (matching, host) = self.place(number, c);
                entries.push(Entry::new(matching, rank, (at, rule, index)).on(host));
            }
        }
        (key, entries)
    }

    fn place(self, number: usize, c: &mut impl Choices) -> (Match, HostPattern) {
        let host = |text: &str| HostPattern::parse(text).unwrap();
        let numbered = ValueMatch::exact(&format!("v{number}"));
        let mut http = HttpMatch::path(PathMatch::prefix("/crowd"));
        let mut at = host("crowd.example.com");
        match self.apart {
            Apart::Header => http.headers.push(HeaderMatch {
                name: "x-a".parse().unwrap(),
                value: numbered,
            }),
            Apart::Query => http.query.push(QueryMatch {
                name: "a".into(),
                value: numbered,
            }),
            Apart::Name => name(number, http_value(c), &mut http),
            Apart::Names => {
                let root = (1..).find(|n| n * n >= self.values).unwrap_or(1);
                name(number / root, http_value(c), &mut http);
                name(number % root + 1000, http_value(c), &mut http);
            }
            Apart::Method => http.method = format!("M{number}").parse().ok(),
            Apart::Exact => http.path = PathMatch::exact(&format!("/crowd/{number}")),
            Apart::Prefix => http.path = PathMatch::prefix(&format!("/crowd/{number}")),
            Apart::Depth => http.path = PathMatch::prefix(&"/a".repeat(number % 40)),
            Apart::Host => at = host(&format!("h{number}.example.com")),
            Apart::Suffix => at = host(&format!("*.{}example.com", "a.".repeat(number % 40))),
            Apart::Call => {
                let (service, method) = (number / 4, number % 4);
                let grpc = GrpcMatch {
                    service: (!c.one_in(4)).then(|| ValueMatch::exact(&format!("pkg.S{service}"))),
                    method: (!c.one_in(4)).then(|| ValueMatch::exact(&format!("M{method}"))),
                    headers: if c.one_in(3) { headers(c) } else { Vec::new() },
                };
                return (grpc.into(), at);
            }
            Apart::Nothing => {}
        }
        // Some ask for less, for something else or for more: what the value alone does not decide.
        match c.below(8) {
            0 => http.headers.extend(headers(c)),
            1 => http.query.push(QueryMatch {
                name: "b".into(),
                value: value(c),
            }),
            2 => http = HttpMatch::path(http.path),
            3 if c.one_in(4) => http.path = PathMatch::RegularExpression(pattern(c)),
            4 if c.one_in(4) => at = HostPattern::Any,
            _ => {}
        }
        (http.into(), at)
    }
}
