//! Lists the HTTPRoutes of a cluster, then follows their changes: `cargo run --example watch`.
//!
//! The types are resources as kube knows them, so there is no glue beyond `use`.

use futures_util::{TryStreamExt, future};
use gwapi::v1::HttpRoute;
use kube::{
    Api, Client, ResourceExt,
    api::ListParams,
    runtime::{WatchStreamExt, watcher},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(watch())
}

async fn watch() -> Result<(), Box<dyn std::error::Error>> {
    let routes: Api<HttpRoute> = Api::all(Client::try_default().await?);

    for route in routes.list(&ListParams::default()).await? {
        let rules = route.spec.rules().len();
        println!("{} has {rules} rules", route.name_any());
    }

    watcher(routes, watcher::Config::default())
        .applied_objects()
        .try_for_each(|route| {
            println!("{} serves {:?}", route.name_any(), route.spec.hostnames);
            future::ready(Ok(()))
        })
        .await?;
    Ok(())
}
