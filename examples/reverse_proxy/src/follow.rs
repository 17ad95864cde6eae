//! A proxy that follows the manifests of a folder.

use crate::{DroppedCopies, Proxy, manifests::Manifests};
use gwapi::proxy::{BindKey, Diff};
use std::{io, time::Duration};

/// What those hear who operate a proxy that follows a folder.
#[derive(Debug)]
pub enum Heard {
    /// A file, or an object in it, cannot be read.
    Problem(String),
    /// The folder cannot be read: its files may be about to be written. It is read again.
    Unreadable(io::Error),
    /// Another configuration is in force: what that changes, and which ports cannot be bound.
    Changed(Diff, Vec<(BindKey, io::Error)>),
    /// Ports are bound now that could not be before.
    Bound(Vec<BindKey>),
    /// Mirrors did not get copies of requests, or did not answer.
    CopiesDropped(DroppedCopies),
}

/// Looks at the files again and again, and has the proxy serve what they say, while requests run. Ports that cannot be bound
/// are tried again each time.
pub async fn follow(
    mut manifests: Manifests,
    proxy: &mut Proxy,
    every: Duration,
    mut hear: impl FnMut(&Proxy, Heard),
) -> ! {
    loop {
        match manifests.read() {
            Ok(None) => bind_again(proxy, &mut hear).await,
            Ok(Some((effective, problems))) => {
                for problem in problems {
                    hear(proxy, Heard::Problem(problem));
                }
                let (diff, errors) = proxy.update(effective).await;
                hear(proxy, Heard::Changed(diff, errors));
            }
            Err(error) => {
                hear(proxy, Heard::Unreadable(error));
                bind_again(proxy, &mut hear).await;
            }
        }
        let dropped = proxy.take_dropped_copies();
        if !dropped.is_empty() {
            hear(proxy, Heard::CopiesDropped(dropped));
        }
        tokio::time::sleep(every).await;
    }
}

/// Tries the ports again that could not be bound, and says which are now.
async fn bind_again(proxy: &mut Proxy, hear: &mut impl FnMut(&Proxy, Heard)) {
    let (bound, _) = proxy.bind_again().await;
    if !bound.is_empty() {
        hear(proxy, Heard::Bound(bound));
    }
}
