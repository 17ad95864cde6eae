//! Which replica writes: the one that has the Lease.

use crate::Settings;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client, ResourceExt,
    api::{ObjectMeta, PostParams},
};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

/// Tells whether this replica leads, and whenever that changes. Ends with the last receiver.
pub(crate) fn follow(client: Client, settings: &Settings) -> watch::Receiver<bool> {
    let (leads, receiver) = watch::channel(false);
    let mut candidate = Candidate {
        leases: Api::namespaced(client, &settings.lease.namespace),
        name: settings.lease.name.clone(),
        replica: settings.replica.clone(),
        duration: settings.lease_duration,
        seen: None,
    };
    tokio::spawn(async move {
        let mut until = Instant::now();
        while !leads.is_closed() {
            let asked = Instant::now();
            // A replica that leads has until its time is over, so that it notices that whatever the server does. One that does not
            // can wait for a slow server.
            let is_leading = *leads.borrow();
            let patience = match is_leading {
                true => until,
                false => asked + candidate.duration / 4,
            };
            match timeout_at(patience, candidate.holds()).await {
                Ok(Ok(true)) => until = asked + candidate.duration * 2 / 3,
                Ok(Ok(false)) => until = asked,
                // Nobody else takes the Lease before it has run out.
                Ok(Err(error)) => eprintln!("Lease: {error}"),
                Err(_) => eprintln!("Lease: the server has not answered in time"),
            }
            let holds = Instant::now() < until;
            leads.send_if_modified(|leads| std::mem::replace(leads, holds) != holds);
            sleep(candidate.duration / 8).await;
        }
    });
    receiver
}

struct Candidate {
    leases: Api<Lease>,
    name: String,
    replica: String,
    duration: Duration,
    /// The version of the Lease of another replica, and since when it has not been renewed: by this machine's clock, since that
    /// of the other one may be wrong.
    seen: Option<(String, Instant)>,
}

impl Candidate {
    /// Takes or renews the Lease, if that can be done.
    async fn holds(&mut self) -> kube::Result<bool> {
        let now = MicroTime(Timestamp::now());
        let present = self.leases.get_opt(&self.name).await?;
        let mut lease = present.unwrap_or_else(|| Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                ..Default::default()
            },
            ..Default::default()
        });
        let spec = lease.spec.take().unwrap_or_default();
        let is_ours = spec.holder_identity.as_ref() == Some(&self.replica);
        let version = lease.resource_version();
        if let Some(version) = version
            .clone()
            .filter(|_| !is_ours && spec.holder_identity.is_some())
        {
            match &self.seen {
                Some((seen, since)) if *seen == version && since.elapsed() > self.duration => {}
                Some((seen, _)) if *seen == version => return Ok(false),
                _ => {
                    self.seen = Some((version, Instant::now()));
                    return Ok(false);
                }
            }
        }
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(self.replica.clone()),
            lease_duration_seconds: i32::try_from(self.duration.as_secs().max(1)).ok(),
            acquire_time: if is_ours {
                spec.acquire_time
            } else {
                Some(now.clone())
            },
            lease_transitions: Some(
                spec.lease_transitions.unwrap_or_default() + i32::from(!is_ours),
            ),
            renew_time: Some(now),
            ..Default::default()
        });
        let post = PostParams::default();
        let written = match version {
            Some(_) => self.leases.replace(&self.name, &post, &lease).await,
            None => self.leases.create(&post, &lease).await,
        };
        match written {
            Ok(_) => Ok(true),
            // Another one was faster.
            Err(kube::Error::Api(refusal)) if refusal.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }
}
