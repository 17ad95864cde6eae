//! A request of a client: to an endpoint, and the response back.

use crate::{
    body::{self, Body, Limited},
    connection::Caller,
    mirrors::mirror,
    proxy::{Shared, random_bytes},
    upstream::{Connection, Way},
};
use gwapi::proxy::{
    AfterFailure, Attempt, Attempted, Begun, Exchange, Failure, Issuing, LocalAnswer, Recalling,
    switch,
};
use http::{Request, Response, StatusCode};
use hyper::{
    body::Incoming,
    client::conn::http1,
    upgrade::{OnUpgrade, on},
};
use hyper_util::rt::TokioIo;
use std::{
    future::Future,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    io::copy_bidirectional,
    time::{Instant, timeout_at},
};

/// Answers a request. An exchange holds `running` until its response has ended.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    caller: &Caller,
    running: Weak<()>,
    mut request: Request<Incoming>,
) -> Response<Body> {
    if let Some(address) = &shared.hard_coded {
        return undecided(shared, address, request).await;
    }
    let Some(session) = caller.session(shared) else {
        let mut gone = Response::new(body::empty());
        *gone.status_mut() = StatusCode::MISDIRECTED_REQUEST;
        return gone;
    };
    let upgrade = on(&mut request);
    let (head, content) = request.into_parts();
    let content = body::incoming(content);
    let recalling = shared.keys.as_ref().map(|keys| Recalling {
        keys,
        now: (shared.network.now)(),
    });
    match session.begin(head, recalling).begun {
        Begun::Answer(answer) => local(shared, answer, content),
        Begun::Exchange(exchange) => {
            let asked = Asked {
                shared,
                begun_at: exchange.limit().map(|_| Instant::now()),
                exchange,
                running: running.upgrade(),
            };
            asked.forward(content, upgrade).await
        }
    }
}

/// Answers a request by a proxy that has one endpoint and nothing to decide.
async fn undecided(
    shared: &Arc<Shared>,
    address: &(String, u16),
    mut request: Request<Incoming>,
) -> Response<Body> {
    let upgrade = on(&mut request);
    let way = Way::cleartext(address.clone());
    let sent = async {
        let connection = shared.upstream.connect(&way).await?;
        send(shared, &way, connection, request.map(body::incoming)).await
    };
    let Ok((mut response, sender)) = sent.await else {
        let mut failed = Response::new(body::empty());
        *failed.status_mut() = StatusCode::BAD_GATEWAY;
        return failed;
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        tokio::spawn(switched(upgrade, on(&mut response)));
        return response.map(|_| body::empty());
    }
    let shared = shared.clone();
    let ended = move || {
        if let Some(sender) = sender {
            shared.upstream.keep(way, sender);
        }
    };
    response.map(|content| Limited::boxed(body::incoming(content), None, ended))
}

/// A request that a rule takes.
struct Asked<'s> {
    shared: &'s Arc<Shared>,
    exchange: Exchange,
    /// When it began, where there is a limit for the whole of it: without one no clock is asked.
    begun_at: Option<Instant>,
    running: Option<Arc<()>>,
}

/// An attempt, the time by which its response has to be there, and a connection to the endpoint.
struct Connected {
    attempt: Attempt,
    deadline: Option<Instant>,
    way: Way,
    connection: Connection,
}

impl Asked<'_> {
    /// The time since it began.
    fn elapsed(&self) -> Duration {
        let elapsed = self.begun_at.map(|begun_at| begun_at.elapsed());
        elapsed.unwrap_or_default()
    }

    async fn forward(mut self, content: Body, upgrade: OnUpgrade) -> Response<Body> {
        let connected = loop {
            let elapsed = self.elapsed();
            let exchange = &mut self.exchange;
            let attempted = self.shared.draws(|draws| exchange.attempt(draws, elapsed));
            let attempt = match attempted {
                Attempted::Attempt(attempt) => attempt,
                Attempted::Answer(answer) => return local(self.shared, answer, content),
            };
            match connect(self.shared, attempt).await {
                Ok(connected) => break connected,
                Err((attempt, failure)) => {
                    let elapsed = self.elapsed();
                    match self.exchange.failed(&attempt, failure, elapsed) {
                        AfterFailure::Again => {}
                        AfterFailure::Answer(answer) => {
                            return local(self.shared, answer, content);
                        }
                    }
                }
            }
        };
        let Connected {
            attempt,
            deadline,
            way,
            connection,
        } = connected;
        let mirrors = self.exchange.copies();
        let head = self.exchange.outgoing(&attempt);
        let content = mirror(self.shared, mirrors, content);
        let request = Request::from_parts(head, content);
        let sent = within(deadline, send(self.shared, &way, connection, request)).await;
        match sent {
            Ok((response, sender)) => self.respond(attempt, deadline, response, upgrade, || {
                Some((way, sender?))
            }),
            Err(failure) => self.fail(&attempt, failure),
        }
    }

    /// The response of an endpoint, as the client gets it.
    fn respond(
        self,
        attempt: Attempt,
        deadline: Option<Instant>,
        mut response: Response<Incoming>,
        upgrade: OnUpgrade,
        reusable: impl FnOnce() -> Option<(Way, http1::SendRequest<Body>)>,
    ) -> Response<Body> {
        let of_endpoint = on(&mut response);
        let (mut head, content) = response.into_parts();
        let nonce = &mut random_bytes::<12>;
        let keys = self.shared.keys.as_ref();
        let issuing = keys.map(|keys| Issuing { keys, nonce });
        let responded = match self.exchange.respond(&attempt, &mut head, issuing) {
            Ok(responded) => responded,
            Err(answer) => return local(self.shared, *answer, body::empty()),
        };
        match responded.switched {
            Some(protocol) => {
                switch(&mut head, protocol);
                tokio::spawn(switched(upgrade, of_endpoint));
                Response::from_parts(head, body::empty())
            }
            None => {
                let (shared, reusable) = (self.shared.clone(), reusable());
                let running = self.running;
                let ended = move || {
                    drop(running);
                    if let Some((way, sender)) = reusable {
                        shared.upstream.keep(way, sender);
                    }
                };
                let content = Limited::boxed(body::incoming(content), deadline, ended);
                Response::from_parts(head, content)
            }
        }
    }

    /// The answer where the request was taken to be sent, so that there is no other attempt.
    fn fail(&self, attempt: &Attempt, failure: Failure) -> Response<Body> {
        let answer = self.exchange.give_up(attempt, failure, self.elapsed());
        local(self.shared, answer, body::empty())
    }
}

/// Connects to the endpoint of an attempt.
async fn connect(shared: &Shared, attempt: Attempt) -> Result<Connected, (Attempt, Failure)> {
    let deadline = attempt.limit.map(|limit| Instant::now() + limit);
    let way = match Way::new(shared, &attempt.endpoint, attempt.protocol) {
        Ok(way) => way,
        Err(failure) => return Err((attempt, failure)),
    };
    match within(deadline, shared.upstream.connect(&way)).await {
        Ok(connection) => Ok(Connected {
            attempt,
            deadline,
            way,
            connection,
        }),
        Err(failure) => Err((attempt, failure)),
    }
}

/// What comes of something that has to be done in time.
async fn within<T>(
    deadline: Option<Instant>,
    done: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match deadline {
        None => done.await,
        Some(deadline) => timeout_at(deadline, done)
            .await
            .unwrap_or(Err(Failure::Timeout)),
    }
}

/// Sends a request. Where a connection that was kept has ended meanwhile, it goes over a new one.
pub(crate) async fn send(
    shared: &Shared,
    way: &Way,
    connection: Connection,
    request: Request<Body>,
) -> Result<(Response<Incoming>, Option<http1::SendRequest<Body>>), Failure> {
    let (failure, unsent) = match connection.send(request).await {
        Ok(sent) => return Ok(sent),
        Err(failed) => failed,
    };
    let Some(request) = unsent else {
        return Err(failure);
    };
    let connection = shared.upstream.open(way).await?;
    connection
        .send(*request)
        .await
        .map_err(|(failure, _)| failure)
}

/// An answer of the data plane itself, and the copies of the request that mirrors get.
fn local(shared: &Arc<Shared>, mut answer: LocalAnswer, content: Body) -> Response<Body> {
    let mirrors = std::mem::take(&mut answer.mirrors);
    if !mirrors.is_empty() {
        body::drain(mirror(shared, mirrors, content));
    }
    answer.into_response().map(|()| body::empty())
}

/// Carries what the two sides say after they have switched protocols.
async fn switched(client: OnUpgrade, endpoint: OnUpgrade) -> Result<(), hyper::Error> {
    let (client, endpoint) = tokio::try_join!(client, endpoint)?;
    let (mut client, mut endpoint) = (TokioIo::new(client), TokioIo::new(endpoint));
    _ = copy_bidirectional(&mut client, &mut endpoint).await;
    Ok(())
}
