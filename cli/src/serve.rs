//! `gwapi serve --stdio`: the simulator for other programs, one JSON object a line.
//!
//! Each line in is one request, each line out the reply to one, in the same order. A request names its
//! `op`; it may have an `id`, any JSON, which the reply repeats. A reply has `"ok": true` and what is said
//! below, or `"ok": false` and `"error": {"message": …}`. A line that is no request gets such an error too,
//! and the conversation goes on; it ends with the input. So does a line beyond `--max-line`, `--max-values` or `--max-depth`, which is
//! not kept, a request or option with a member that is not named below, which changes nothing, and a request whose reply would be beyond `--max-reply`: it has been carried out, and statuses that it
//! would have named are named by the next reply to `apply` or `delete`.
//!
//! # `apply`
//!
//! `{"op": "apply", "objects": [{…}, …]}` puts whole objects, as an API server stores them, in the place of
//! those with the same group, kind, namespace and name. A list stands for its items. The reply:
//!
//! * `changed`: the objects whose status has to be written, each with `apiVersion`, `kind`, `metadata`
//!   (`namespace`, `name`) and the whole next `status`, the entries of other controllers included. Once the
//!   object with that status has been applied, it is not named again;
//! * `errors`: the objects that could not be read, each with `object` (`apiVersion`, `kind`, `namespace`,
//!   `name`), `message`, `help` and `findings`. They hide no others, and are left out like those in `ignored`;
//! * `ignored`: the other objects that are left out, since an API server of the channel would refuse them, or because
//!   their kind is not known: each with `group`, `kind`, `namespace`, `name`, `apiVersion`, `reason`, `message`,
//!   `help` and `findings`. What was in force under the name before stays so;
//! * `notImplemented`: what of the objects has no effect here: each with `group`, `kind`, `namespace`, `name`, the
//!   `path` of the field (empty for the whole object) and `message`;
//! * `warnings`: what the server takes of the objects and works otherwise than it looks: each with `group`, `kind`, `namespace`,
//!   `name`, `path`, `message` and `help`.
//!
//! # `delete`
//!
//! `{"op": "delete", "objects": [{"apiVersion", "kind", "namespace", "name"}, …]}` takes objects out; one
//! that is not there is no error. The reply is that of `apply`.
//!
//! # `status`
//!
//! `{"op": "status"}` asks for all statuses: `items`, each as in `changed`; and for all that is `ignored`, as in
//! the reply to `apply`, those that could not be read among it. `warnings` says of all objects, in the form of the reply to
//! `apply`, what is wrong and no condition says, and `help` what would be right: each with `group`, `kind`, `namespace`, `name`,
//! `path` and `message`.
//!
//! # `request`
//!
//! `{"op": "request", "request": {"method": "GET", "url": "http://host[:port]/path?query", …}}` sends a
//! request. All but `url` may be left out:
//!
//! * `headers`: a list of `[name, value]`; a `host` among them takes the place of the URL's authority;
//! * `gateway`: `NAMESPACE/NAME` of the Gateway to connect to; `address` and `port`: what to connect to, where
//!   it is not what the URL says;
//! * `from`: the namespace of the pod that asks (mesh), perhaps with labels: `NAMESPACE/KEY=VALUE,…`;
//! * `sni`, where it is not the URL's host; `clientCertificate`: the certificates that the client shows, as PEM;
//! * `protocol`: what the client speaks: `http/1.1` (default), `h2`, `h2c`, `websocket`;
//! * `backend`: what the backend would say: `status`, `headers`, and `delay`, a GEP-2257 duration. Nobody
//!   waits: the delay is compared with the rule's timeouts.
//!
//! URLs of the schemes `tls`, `tcp` and `udp` stand for connections of which no more is known. The reply has
//! `answer`, the object that `gwapi request -o json` prints, with no more than `--max-remarks` elements of `losers`, `ignored`,
//! `experimental` and `notImplemented`, and 8 `findings` of an object that is ignored: how many there are beside those is said by
//! `losersMore`, `ignoredMore`, `experimentalMore`, `notImplementedMore` and `findingsMore`. Each request draws backends and endpoints anew,
//! from a generator whose seed is always the same.
//!
//! # `binds`
//!
//! `{"op": "binds"}` asks what a program with sockets of its own listens on: `binds`, a list of ports, each with `gateway` (a
//! reference), `transport` (`TCP` or `UDP`), `port`, and the `addresses` of the Gateway.
//!
//! # `accept`
//!
//! `{"op": "accept", "accept": {"gateway": "NAMESPACE/NAME", "transport": "TCP", "port": 443}}` says what becomes of a connection
//! to such a port: `accepted`, whose member `as` is one of
//!
//! * `nobody`: there is no such port;
//! * `http`: requests are read from it, and each is asked as `request`, with `gateway` and `port`; `stream`: it goes on as it is,
//!   and a `request` with a URL of the scheme `tcp` says where;
//! * `tls`: the client has to begin with TLS. What it says first is asked in the same way, with the member
//!   `"clientHello": {"serverName": "…"}` beside the others, where `serverName` may be left out. Then `as` is `refuse`, with `why`
//!   (alert `unrecognized_name`); `passthrough`, where a `request` with a URL of the scheme `tls` says where it goes on to; or
//!   `terminate`, with the `certificate` and the `privateKey` of the Secret (PEM; none where the listener has none), the
//!   `protocols` to offer by ALPN, whether `clientCertificates` are `none`, `optional` or `required`, and whether there is `http` or
//!   a `stream` `inside`. What the client shows goes along with each `request`, which is refused where it is not valid.
//!
//! # `clock`
//!
//! `{"op": "clock", "advance": "10s"}` moves the clock by a GEP-2257 duration; `advance` may be left out. The
//! reply says what time it is: `now`, RFC 3339. Nothing ever waits for the clock. Certificates are valid or not by the
//! time of the last `clock` or `configure`, of the last `apply` that had a Secret or a ConfigMap, or of the start.
//!
//! # `configure`
//!
//! `{"op": "configure", "options": {…}}` sets options; those that are not named get their default:
//!
//! * `controllerName`: the GatewayClasses with this controller are ours, and no others;
//! * `features`: the names of the features that are supported; all without it;
//! * `release`: that of the CRDs, as in `v1.6.1` (default `v1.1.0`);
//! * `channel`: `standard` or `experimental` (default), that of the CRDs. Where one of the two changes, the objects are judged
//!   anew;
//! * `addresses`: the pool for Gateways that ask for no address, a list of `{"type", "value"}`. An empty one
//!   stands for addresses of a range of our own choice;
//! * `unusableAddresses`: addresses in the same form that Gateways may ask for and that cannot be bound;
//! * `regexRank`, `hostnameRank`, `hostnameFallback`, `repeatedHeader`, `isolation`, `paths`: what the specification leaves to a
//!   data plane, with the values that the options of `gwapi request` have. An answer that depends on one of them says so in `why`.
//!
//! Statuses that change because of it are in the next reply to `apply` or `delete`.

mod ask;
mod configuration;
mod lines;
mod members;
mod objects;
mod reply;
mod sockets;

use crate::{
    given::{
        NotInForce, beyond_told,
        choices::{Choices, Spelling},
    },
    line::{self, Line},
    output::{Exit, fail},
    request, resolving, status,
    statused::Statused,
};
use ask::Ask;
use clap::Args;
use configuration::Configuration;
use gwapi::{
    attachment::{DEFAULT_CONTROLLER, Options, Resolver, effective::Effective},
    lint::near::Near,
    manifest,
    meta::{Duration, GroupVersionKind, ObjectRef},
    sim::Simulator,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use lines::{Bounds, NotSent};
use objects::{Applied, Objects};
use reply::Reply;
use serde::Deserialize;
use serde_json::Value;
use sockets::Incoming;
use std::{
    collections::BTreeSet,
    io::{self, BufRead, Write},
    time,
};

/// Serve the simulator to another program
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Read requests from stdin and write replies to stdout, one JSON object a line
    #[arg(long, required = true)]
    stdio: bool,
    #[command(flatten)]
    bounds: lines::Bounds,
}

/// Answers requests until the input ends.
pub(crate) fn run(args: ServeArgs) -> Exit {
    let input = &mut io::stdin().lock();
    converse(input, &mut io::stdout().lock(), args.bounds)
}

/// The replies to these lines, within bounds that leave room for more than any other bound allows: of header names a line
/// may hold more than fit into a request.
pub(crate) fn replies(lines: &[u8]) -> Vec<u8> {
    let bounds = Bounds {
        max_line: 1 << 20,
        max_values: 150_000,
        max_depth: 120,
        max_reply: 1 << 20,
        max_remarks: 1_000,
    };
    let mut output = Vec::new();
    converse(&mut &*lines, &mut output, bounds);
    output
}

fn converse(input: &mut impl BufRead, output: &mut impl Write, bounds: Bounds) -> Exit {
    let mut server = Server::new(bounds);
    let mut line = Vec::new();
    loop {
        let reply = match line::read(input, &mut line, bounds.max_line) {
            Ok(Line::End) => return Exit::Clean,
            Ok(Line::Whole) => server.answer(&line),
            Ok(Line::TooLong) => Reply::error(
                None,
                format!(
                    "the line has more than {} bytes; `--max-line` allows longer ones",
                    bounds.max_line
                ),
            ),
            Err(error) => return fail(format_args!("cannot read a request: {error}")),
        };
        let mut written = lines::write(output, &reply, bounds.max_reply);
        if let Err(NotSent::TooLong) = written {
            server.untell();
            let why = Reply::error(
                reply.into_id(),
                format!(
                    "the reply has more than {} bytes; `--max-reply` allows longer ones",
                    bounds.max_reply
                ),
            );
            // This one is short.
            written = lines::write(output, &why, usize::MAX);
        }
        match written {
            Ok(()) => {}
            Err(NotSent::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Exit::Clean;
            }
            Err(NotSent::Io(error)) => return fail(format_args!("cannot write a reply: {error}")),
            Err(NotSent::TooLong) => return fail("cannot write a reply: it is too long"),
        }
    }
}

/// A request, by its `op`.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
enum Request {
    Apply {
        objects: Vec<Value>,
    },
    Delete {
        objects: Vec<Named>,
    },
    Status {},
    #[serde(rename = "request")]
    Ask {
        request: Ask,
    },
    Binds {},
    Accept {
        accept: Incoming,
    },
    Clock {
        advance: Option<String>,
    },
    Configure {
        options: Configuration,
    },
}

/// An object by its name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Named {
    api_version: String,
    kind: String,
    #[serde(default)]
    namespace: String,
    name: String,
}

/// What is known between requests.
struct Server {
    resolver: Resolver,
    objects: Objects,
    /// Objects whose status has changed and not been told.
    untold: BTreeSet<ObjectRef>,
    /// What the last reply told. It is untold again if that reply was too long to be sent.
    told: BTreeSet<ObjectRef>,
    bounds: Bounds,
    simulator: Simulator,
    /// What it decides where the specification leaves it open.
    choices: Choices,
    /// Whether the simulator has yet to be told of changes.
    stale: bool,
    random: fastrand::Rng,
    /// The system's clock.
    clock: Box<dyn Fn() -> Timestamp>,
    /// How far the clock of the server is ahead of it.
    ahead: time::Duration,
}

impl Server {
    fn new(bounds: Bounds) -> Self {
        Self::with_clock(bounds, Timestamp::now)
    }

    /// A server whose certificates are judged by the time that `clock` tells.
    fn with_clock(bounds: Bounds, clock: impl Fn() -> Timestamp + 'static) -> Self {
        Self {
            bounds,
            told: BTreeSet::new(),
            resolver: Resolver::new(Options {
                now: Some(clock()),
                ..Options::for_simulator(DEFAULT_CONTROLLER)
            }),
            objects: Objects::default(),
            untold: BTreeSet::new(),
            simulator: Simulator::default(),
            choices: Choices::default(),
            stale: false,
            random: fastrand::Rng::with_seed(0),
            clock: Box::new(clock),
            ahead: time::Duration::ZERO,
        }
    }

    /// The reply to one line.
    fn answer(&mut self, line: &[u8]) -> Reply {
        self.told.clear();
        let mut value = match lines::parse(line, self.bounds) {
            Ok(value) => value,
            Err(error) => {
                return Reply::error(None, format!("the line is not a JSON object: {error}"));
            }
        };
        let known = members::check(&value);
        let id = value.as_object_mut().and_then(|line| line.remove("id"));
        if let Err(error) = known {
            return Reply::error(id, format!("the line is not a request: {error}"));
        }
        let reply = match serde_json::from_value::<Request>(value) {
            Err(error) => Err(format!("the line is not a request: {error}")),
            Ok(Request::Apply { objects }) => Ok(self.apply(objects)),
            Ok(Request::Delete { objects }) => Ok(self.delete(&objects)),
            Ok(Request::Status {}) => Ok(self.status()),
            Ok(Request::Ask { request }) => self.request(request),
            Ok(Request::Binds {}) => {
                self.put_in_force();
                Ok(Reply::binds(sockets::binds(self.simulator.plane())))
            }
            Ok(Request::Accept { accept }) => {
                self.put_in_force();
                accept.taken(self.simulator.plane()).map(Reply::accepted)
            }
            Ok(Request::Clock { advance }) => self.clock(advance.as_deref()),
            Ok(Request::Configure { options }) => self.configure(options),
        };
        match reply {
            Ok(reply) => reply.with_id(id),
            Err(message) => Reply::error(id, message),
        }
    }

    fn apply(&mut self, objects: Vec<Value>) -> Reply {
        // A certificate that comes now is judged by the present time: it may have been made since the last look at the clock.
        let may_hold_certificates = |value: &Value| {
            let kind = value.get("kind").and_then(Value::as_str);
            matches!(kind, Some("Secret" | "ConfigMap"))
        };
        let objects: Vec<Value> = objects
            .into_iter()
            .flat_map(manifest::into_objects)
            .collect();
        if objects.iter().any(may_hold_certificates) {
            self.resolver.set_now(self.now().0);
        }
        let options = self.resolver.options();
        let crds = (options.release, options.channel);
        let mut applied = Applied::default();
        for value in objects {
            self.objects
                .apply(value, crds, &mut self.resolver, &mut applied);
        }
        self.untold.append(&mut applied.in_force);
        self.tell(applied)
    }

    fn delete(&mut self, objects: &[Named]) -> Reply {
        for object in objects {
            let gvk = GroupVersionKind::from_api_version(&object.api_version, &object.kind);
            let cluster_wide = matches!(
                (gvk.group.as_str(), gvk.kind.as_str()),
                (gwapi::meta::GROUP, "GatewayClass") | ("", "Namespace")
            );
            let namespace = match object.namespace.as_str() {
                _ if cluster_wide => "",
                "" => "default",
                namespace => namespace,
            };
            let reference = ObjectRef {
                group: gvk.group,
                kind: gvk.kind,
                namespace: namespace.to_owned(),
                name: object.name.clone(),
            };
            self.objects.delete(&reference, &mut self.resolver);
        }
        self.tell(Applied::default())
    }

    /// Resolves, and tells whose status has to be written.
    fn tell(&mut self, applied: Applied) -> Reply {
        self.update();
        let now = self.now();
        let untold = std::mem::take(&mut self.untold);
        let changed = untold
            .iter()
            .filter_map(|reference| {
                let next = self.resolver.next_status(reference, &now)?;
                next.write
                    .then(|| Statused::new(reference, self.objects.version(reference), next.status))
            })
            .collect();
        self.told = untold;
        Reply::changed(
            changed,
            applied.errors,
            applied.ignored,
            applied.not_implemented,
            applied.warnings,
        )
    }

    /// Takes back what the last reply told, since nobody has read it.
    fn untell(&mut self) {
        self.untold.append(&mut self.told);
    }

    fn status(&mut self) -> Reply {
        self.update();
        let now = self.now();
        let items = self
            .resolver
            .resolution()
            .statuses
            .keys()
            .filter_map(|reference| {
                let next = self.resolver.next_status(reference, &now)?;
                Some(Statused::new(
                    reference,
                    self.objects.version(reference),
                    next.status,
                ))
            })
            .collect();
        let left_out = self.objects.left_out();
        let routing = self.choices.routing;
        let near = Near::new(&self.resolver, &left_out).with_routing(routing);
        let remarks = status::remarks(&self.resolver, &near, self.objects.warnings(), routing);
        Reply::items(items, remarks, self.objects.ignored())
    }

    /// Resolves what has changed.
    fn update(&mut self) {
        let changes = self.resolver.update();
        self.stale |= changes.concerns_traffic();
        self.untold.extend(changes.statuses);
    }

    /// Lets the simulator know what has changed.
    fn put_in_force(&mut self) {
        self.update();
        if std::mem::take(&mut self.stale) {
            let effective = self.resolver.resolution().effective.clone();
            self.simulator.update(self.choices.effective(effective));
        }
    }

    fn request(&mut self, ask: Ask) -> Result<Reply, String> {
        let sent = ask.request(self.now().0)?;
        let request = self.choices.request(&sent);
        self.put_in_force();
        let now = self.now().0;
        self.simulator.set_now(now.into());
        let random = &mut self.random;
        let mut draw = |below: u64| random.u64(..below.max(1));
        let mut answer = self
            .simulator
            .request(&request, &mut draw)
            .map_err(|error| error.to_string())?;
        let routing = self.choices.routing;
        let mut around = self
            .objects
            .around((&self.resolver, routing), &request, &answer);
        answer.why.append(&mut around.why);
        let release = self.resolver.options().release;
        let simulator = |effective, routing| {
            let data_plane = resolving::data_plane(release, routing);
            let mut simulator = Simulator::new(effective, data_plane);
            simulator.set_now(now.into());
            simulator
        };
        let asked = (&sent, &answer);
        let otherwise = self
            .choices
            .decisive(asked, &self.resolver, Spelling::Members, simulator);
        answer.why.extend(otherwise);
        let (warned, snapshot) = (self.objects.warnings(), self.resolver.snapshot());
        request::add_warnings(&mut answer, &mut around.help, warned, snapshot);
        let most = self.bounds.max_remarks;
        let mut beside = self.objects.beside(release, most);
        let not_in_force = around.not_in_force.iter().map(NotInForce::rejected);
        beside.ignored.extend(not_in_force);
        beside.losers_more = beyond_told(answer.losers.len(), most);
        answer.losers.truncate(most);
        Ok(Reply::answer(answer, around.help, beside))
    }

    fn clock(&mut self, advance: Option<&str>) -> Result<Reply, String> {
        if let Some(text) = advance {
            let advance: Duration = text
                .parse()
                .map_err(|error: gwapi::meta::DurationError| error.to_string())?;
            self.ahead = self
                .ahead
                .checked_add(advance.into())
                .ok_or("the clock cannot go that far")?;
        }
        self.resolver.set_now(self.now().0);
        self.update();
        Ok(Reply::now(self.now().0.to_string()))
    }

    /// The present time, in whole seconds as the API writes it.
    fn now(&self) -> Time {
        let now = (self.clock)()
            .checked_add(self.ahead)
            .unwrap_or(Timestamp::MAX);
        Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
    }

    fn configure(&mut self, configuration: Configuration) -> Result<Reply, String> {
        let choices = configuration.choices()?;
        let mut options = configuration.options()?;
        options.now = Some(self.now().0);
        let crds = (options.release, options.channel);
        let before = self.resolver.options();
        let rejudge = crds != (before.release, before.channel);
        let data_plane = resolving::data_plane(options.release, choices.routing);
        self.choices = choices;
        let changes = self.resolver.set_options(options);
        self.untold.extend(changes.statuses);
        // Under other options every status is told anew, for whoever has forgotten what was told before.
        let statuses = self.resolver.resolution().statuses.keys();
        self.untold.extend(statuses.cloned());
        self.simulator = Simulator::new(Effective::default(), data_plane);
        if rejudge {
            self.objects.rejudge(crds, &mut self.resolver);
        }
        self.stale = true;
        self.update();
        Ok(Reply::done())
    }
}

#[cfg(test)]
mod tests;
