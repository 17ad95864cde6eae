//! Sessions: a client that shows its token comes back to its backend.

use crate::{
    clients::{Answered, Client, read},
    world::{World, effective, gateway, get, service},
};
use gwapi::sim::Request;
use http::{HeaderMap, HeaderValue};

/// Two backends of one rule, with these weights, between which clients keep to theirs.
fn yaml(weights: [u32; 2]) -> String {
    let [one, two] = weights;
    format!(
        "{}{}{}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: main, namespace: shop}}
spec:
  parentRefs: [{{name: edge}}]
  rules:
    - matches: [{{path: {{value: /cart}}}}]
      sessionPersistence: {{sessionName: SID, absoluteTimeout: 1h, cookieConfig: {{lifetimeType: Permanent}}}}
      backendRefs: [{{name: one, port: 80, weight: {one}}}, {{name: two, port: 80, weight: {two}}}]
",
        gateway("{name: web, port: 80, protocol: HTTP}"),
        service("one", "10.0.0.1"),
        service("two", "10.0.0.2"),
    )
}

/// The cookie that a response sets: its token, and its name and attributes. The clock of the simulator is another one, so that
/// `Expires` has no value here.
fn cookie(headers: &HeaderMap) -> Option<(String, String)> {
    let line = headers.get("set-cookie")?.to_str().unwrap();
    let (name, rest) = line.split_once('=').unwrap();
    let (token, attributes) = rest.split_once(';').unwrap();
    let attributes = attributes.split(';').map(|attribute| {
        let expires = attribute
            .split_once('=')
            .filter(|(name, _)| *name == " Expires");
        expires.map_or(attribute, |(name, _)| name)
    });
    let attributes: Vec<&str> = attributes.collect();
    Some((token.to_owned(), format!("{name}={}", attributes.join(";"))))
}

async fn ask(world: &World, asked: &Request) -> Answered {
    let mut client = Client::connect(asked, world.address(asked), None)
        .await
        .unwrap();
    read(client.send(asked, "").await.unwrap()).await
}

/// GEP-1619: a session outlives that its backend gets weight 0. The cookie is that of the simulator but for its token, which
/// each of them seals with keys of its own.
#[tokio::test]
async fn a_client_with_a_token_comes_back_to_its_backend_whatever_the_weights_are() {
    let endpoints = ["10.0.0.1", "10.0.0.2"];
    let mut world = World::with(effective(&yaml([1, 0]), &[]), &endpoints).await;
    let asked = get("http://a.example.com/cart");
    let (first, said) = (ask(&world, &asked).await, world.simulated(&asked));
    assert_eq!(first.content, "10.0.0.1");
    let (token, attributes) = cookie(&first.headers).unwrap();
    let (of_simulator, expected) = cookie(&said.response.unwrap().headers).unwrap();
    assert_eq!(attributes, expected);
    assert!(attributes.contains("Path=/cart"), "{attributes}");

    world.update(effective(&yaml([0, 1]), &[])).await;
    let with = |token: &str| {
        let mut asked = asked.clone();
        let cookie = HeaderValue::from_str(&format!("SID={token}")).unwrap();
        asked.headers.insert("cookie", cookie);
        asked
    };
    assert_eq!(ask(&world, &with(&token)).await.content, "10.0.0.1");
    let said = world.simulated(&with(&of_simulator));
    assert_eq!(said.endpoint.unwrap().address, "10.0.0.1");

    // Without a token, or with one that the other has sealed, the weights decide.
    for asked in [&asked, &with(&of_simulator)] {
        let anew = ask(&world, asked).await;
        assert_eq!(anew.content, "10.0.0.2");
        assert!(cookie(&anew.headers).is_some());
    }
}
