//! Another configuration while requests run.

use crate::{
    backends,
    clients::{Client, read},
    world::{Backends, World, effective, gateway, get, network, port, script, service},
};
use gwapi::{
    attachment::effective::Effective,
    meta::{Release, Transport},
    proxy::DataPlaneOptions,
    validation::ChoiceReason,
};
use reverse_proxy::{
    Proxy,
    follow::{Heard, follow},
    manifests::{self, Manifests},
};
use std::{fs, time::Duration};
use tokio::{
    sync::mpsc::unbounded_channel,
    time::{sleep, timeout},
};

fn yaml(listeners: &str, backend: &str) -> String {
    format!(
        "{}{}{}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: main, namespace: shop}}
spec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: {backend}, port: 80}}]}}]}}
",
        gateway(listeners),
        service("one", "10.0.0.1"),
        service("two", "10.0.0.2"),
    )
}

const WEB: &str = "{name: web, port: 80, protocol: HTTP}";
const BOTH: &str =
    "{name: web, port: 80, protocol: HTTP}, {name: other, port: 8080, protocol: HTTP}";
const OTHER: &str = "{name: other, port: 8080, protocol: HTTP}";

async fn world() -> World {
    let endpoints = ["10.0.0.1", "10.0.0.2"];
    World::with(effective(&yaml(WEB, "one"), &[]), &endpoints).await
}

/// Requests on a connection that is there already go by the routes of today, and one that is on its way ends as it began.
#[tokio::test]
async fn connections_outlive_a_change_of_routes_and_requests_end_as_they_began() {
    let mut world = world().await;
    let mut asked = get("http://a.example.com/");
    let mut client = Client::connect(&asked, world.address(&asked), None)
        .await
        .unwrap();
    let first = world.same_over(&mut client, &asked, "").await;
    assert_eq!(first.content, "10.0.0.1");

    asked.backend.delay = "300ms".parse().unwrap();
    world.behave(&asked);
    let (response, diff) = tokio::join!(client.send(&asked, ""), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.update(effective(&yaml(BOTH, "two"), &[])).await
    });
    assert_eq!(diff.bind, [port(Transport::Tcp, 8080)]);
    assert_eq!(read(response.unwrap()).await.content, "10.0.0.1");

    asked.backend.delay = Default::default();
    world.behave(&asked);
    let response = client.send(&asked, "").await.unwrap();
    assert_eq!(read(response).await.content, "10.0.0.2");
}

/// A port that is given up takes nobody any more, and ends the connections that it has taken.
#[tokio::test]
async fn a_port_that_is_given_up_ends_its_connections() {
    let mut world = world().await;
    let asked = get("http://a.example.com/");
    let address = world.address(&asked);
    let mut client = Client::connect(&asked, address, None).await.unwrap();
    world.same_over(&mut client, &asked, "").await;
    let diff = world.update(effective(&yaml(OTHER, "one"), &[])).await;
    assert_eq!(diff.unbind, [port(Transport::Tcp, 80)]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(client.send(&asked, "").await.is_none());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let moved = get("http://a.example.com:8080/");
    assert_eq!(world.same(&moved, None).await.status, 200);
}

/// The files of a folder change under a proxy that runs: requests are answered by what they say, each by the one or the other,
/// and none fails.
#[tokio::test]
async fn a_file_that_changes_under_a_running_proxy_changes_its_answers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.yaml");
    let write = |text: String| {
        // As tools do that write files for others to read: it is there as a whole, or not at all.
        let new = folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &file).unwrap();
    };
    write(yaml(WEB, "one"));
    let (script, _got) = script();
    let mut found = Backends::new();
    for endpoint in ["10.0.0.1", "10.0.0.2"] {
        found.insert(
            endpoint,
            backends::http(endpoint, script.clone(), None).await,
        );
    }
    let (heard, mut changes) = unbounded_channel();
    let manifests = Manifests::new(folder.path(), Release::default());
    let running = tokio::spawn(async move {
        let mut proxy = Proxy::new(network(found), DataPlaneOptions::default());
        let every = Duration::from_millis(20);
        follow(manifests, &mut proxy, every, move |proxy, change| {
            if let Heard::Changed(diff, _) = change {
                _ = heard.send((diff, proxy.address(&port(Transport::Tcp, 80))));
            }
        })
        .await
    });
    let (_, address) = changes.recv().await.unwrap();
    let asked = get("http://a.example.com/");
    let mut client = Client::connect(&asked, address.unwrap(), None)
        .await
        .unwrap();
    let mut ask = async || read(client.send(&asked, "").await.unwrap()).await.content;
    assert_eq!(ask().await, "10.0.0.1");
    for (backend, endpoint) in [
        ("two", "10.0.0.2"),
        ("one", "10.0.0.1"),
        ("two", "10.0.0.2"),
    ] {
        write(yaml(WEB, backend));
        // Requests run all the while.
        let turned = timeout(Duration::from_secs(5), async {
            while ask().await != endpoint {
                sleep(Duration::from_millis(1)).await;
            }
        });
        turned.await.expect("the proxy does not follow its files");
        _ = changes.recv().await.unwrap();
        assert_eq!(ask().await, endpoint);
    }
    write(yaml(OTHER, "one"));
    let (diff, address) = changes.recv().await.unwrap();
    assert_eq!(
        (diff.unbind, address),
        (vec![port(Transport::Tcp, 80)], None)
    );
    fs::remove_file(&file).unwrap();
    let (diff, _) = changes.recv().await.unwrap();
    assert_eq!(diff.unbind, [port(Transport::Tcp, 8080)]);
    running.abort();
}

/// Files are read again when they have changed, and what cannot be read is named.
#[tokio::test]
async fn manifests_are_read_from_a_folder_when_they_change() {
    let folder = std::env::temp_dir().join(format!("gwapi-reverse-proxy-{}", std::process::id()));
    fs::create_dir_all(folder.join("below")).unwrap();
    let file = folder.join("below/all.yaml");
    fs::write(&file, yaml(WEB, "one")).unwrap();
    fs::write(folder.join("broken.yaml"), "kind: [").unwrap();
    let mut manifests = Manifests::new(&folder, Release::default());
    let (first, problems) = manifests.read().unwrap().unwrap();
    assert_eq!(first, effective(&yaml(WEB, "one"), &[]));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(manifests.read().unwrap().is_none());

    fs::write(&file, yaml(BOTH, "two")).unwrap();
    let later = fs::metadata(&file).unwrap().modified().unwrap() + Duration::from_secs(1);
    fs::File::open(&file).unwrap().set_modified(later).unwrap();
    fs::remove_file(folder.join("broken.yaml")).unwrap();
    let (second, problems) = manifests.read().unwrap().unwrap();
    assert_eq!(second, effective(&yaml(BOTH, "two"), &[]));
    assert!(problems.is_empty(), "{problems:?}");
    fs::remove_dir_all(&folder).unwrap();
}

/// What an API server would refuse changes nothing, nor does a file that cannot be read or is empty while it is written: what was
/// there stays, and each is named with the reason.
#[tokio::test]
async fn what_an_api_server_refuses_changes_nothing_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.yaml");
    let named = |hosts: &str| {
        yaml(WEB, "one").replace("spec: {parentRefs", &format!("spec: {{{hosts}, parentRefs"))
    };
    let good = named("hostnames: [a.example.com]");
    fs::write(&file, &good).unwrap();
    let mut manifests = Manifests::new(folder.path(), Release::default());
    let expected = effective(&good, &[]);
    let (first, problems) = manifests.read().unwrap().unwrap();
    assert_eq!((&first, problems), (&expected, Vec::new()));
    for (text, said) in [
        (named("hostname: a.example.com"), "hostname"),
        (
            named("hostnames: [a.example.com], hostnames: []"),
            "given twice",
        ),
        (named("hostnames: ['*']"), "spec.hostnames[0]"),
        (
            "kind: [".to_owned(),
            "the objects that were read from the file before stay",
        ),
        (String::new(), "the file is empty"),
        ("\n".to_owned(), "the file is empty"),
    ] {
        fs::write(&file, &text).unwrap();
        let (now, problems) = manifests.read().unwrap().unwrap();
        assert_eq!(now, expected, "{text}");
        let problems = problems.join("\n");
        assert!(problems.contains(said), "{text}\n{problems}");
        assert!(problems.contains("all.yaml"), "{problems}");
        assert!(manifests.read().unwrap().is_none());
    }
    // Once it can be read, it counts; and what was never there is left out.
    let second = named("hostnames: [b.example.com]");
    fs::write(&file, &second).unwrap();
    let refused = folder.path().join("refused.yaml");
    let misspelt = gateway(WEB).replace("listeners:", "listener:");
    fs::write(&refused, misspelt.replace("name: edge", "name: third")).unwrap();
    let (now, problems) = manifests.read().unwrap().unwrap();
    assert_eq!(now.gateways, effective(&second, &[]).gateways);
    assert!(problems[0].contains("it is left out"), "{problems:?}");
    // Of two objects of one name the later one counts, and both are named.
    fs::write(&refused, named("hostnames: [c.example.com]")).unwrap();
    let (now, problems) = manifests.read().unwrap().unwrap();
    assert_eq!(now, effective(&named("hostnames: [c.example.com]"), &[]));
    assert!(problems[0].contains("replaces"), "{problems:?}");
    fs::remove_file(&file).unwrap();
    fs::remove_file(&refused).unwrap();
    let (now, problems) = manifests.read().unwrap().unwrap();
    assert_eq!((now, problems), (Effective::default(), Vec::new()));
}

/// Objects are meant for the release of the CRDs among them, else for the newest that has all that they use.
#[tokio::test]
async fn the_release_is_that_for_which_the_files_are_meant() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.yaml"), yaml(WEB, "one")).unwrap();
    let newest = manifests::release(folder.path()).unwrap();
    assert_eq!(newest.release, Release::newest());
    let crd = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gateways.gateway.networking.k8s.io
  annotations: {gateway.networking.k8s.io/bundle-version: v1.1.0, gateway.networking.k8s.io/channel: standard}
spec: {group: gateway.networking.k8s.io}
";
    fs::write(folder.path().join("crd.yaml"), crd).unwrap();
    let installed = manifests::release(folder.path()).unwrap();
    assert_eq!(installed.release, "v1.1.0".parse().unwrap());
    assert_eq!(installed.reason, ChoiceReason::Installed);
    assert!(manifests::release(&folder.path().join("nothing")).is_err());
}
