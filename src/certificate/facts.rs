//! What is known of a certificate that was read.

use super::CertificateError;
use k8s_openapi::jiff::Timestamp;

/// What is known of a certificate that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertificateFacts {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// The DNS names among its subject alternative names.
    pub(super) names: Vec<String>,
    /// The common name of its subject, which is no name of a host (RFC 9525, section 6.3).
    pub(super) common_name: Option<String>,
}

impl CertificateFacts {
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), CertificateError> {
        if now < self.from {
            Err(CertificateError::NotYetValid { from: self.from })
        } else if now > self.until {
            Err(CertificateError::Expired { at: self.until })
        } else {
            Ok(())
        }
    }
}

/// The times at which at least one of these is valid, first and last: in their order, and apart from one another.
pub(super) fn any_valid(all: &[CertificateFacts]) -> Vec<(Timestamp, Timestamp)> {
    let mut times: Vec<_> = all.iter().map(|facts| (facts.from, facts.until)).collect();
    // Some are never valid.
    times.retain(|(from, until)| from <= until);
    times.sort_unstable();
    times.dedup_by(|(from, until), (_, before)| {
        let meet = *from <= *before;
        if meet {
            *before = (*before).max(*until);
        }
        meet
    });
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_meet_are_one_and_what_is_never_valid_is_none() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let of = |(from, until)| CertificateFacts {
            from: at(from),
            until: at(until),
            names: Vec::new(),
            common_name: None,
        };
        let all = [
            (50, 60),
            (9, 5),
            (1, 4),
            (3, 20),
            (2, 3),
            (20, 30),
            (70, 70),
        ]
        .map(of);
        let expected = [(1, 30), (50, 60), (70, 70)].map(|(from, until)| (at(from), at(until)));
        assert_eq!(any_valid(&all), expected);
        for second in 0..80 {
            let now = at(second);
            let valid = all.iter().any(|facts| facts.check_time(now).is_ok());
            let mut times = expected.iter();
            assert_eq!(
                times.any(|(from, until)| (*from..=*until).contains(&now)),
                valid
            );
        }
    }
}
