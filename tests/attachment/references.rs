//! What is said of single references agrees with the statuses.

use crate::world;
use gwapi::{
    attachment::{Options, ReferenceProblemKind as Kind, Resolver, Status},
    manifest::{self, Object},
    meta::{Conditions, condition::route},
};
use std::{fs, path::Path};

/// The objects of every file of `tests/fixtures/attachment/`, resolved, by the name of the file.
fn resolved() -> Vec<(String, Resolver)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/attachment");
    let base = folder.join("base.yaml");
    let files = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml") && *path != base);
    files
        .map(|file| {
            let mut resolver = Resolver::new(Options::for_simulator(world::CONTROLLER));
            for part in [&base, &file] {
                let text = fs::read(part).unwrap();
                let read = manifest::read(&text, &manifest::ReadOptions::default());
                let (objects, errors) = read.decode();
                assert!(errors.is_empty(), "{}: {errors:?}", part.display());
                for decoded in objects {
                    if !matches!(&decoded.object, Object::Other(_))
                        || decoded.object.kind() != "Expected"
                    {
                        resolver.insert(decoded.object);
                    }
                }
            }
            resolver.update();
            (
                file.file_name().unwrap().to_string_lossy().into_owned(),
                resolver,
            )
        })
        .collect()
}

/// RouteConditionResolvedRefs: a route whose parents all say that its references are resolved has no backend of which
/// something else is said. Rules that are dropped are left out here.
#[test]
fn backends_of_a_route_with_resolved_references_have_no_problem() {
    let of_backends = [
        Kind::BackendNotFound,
        Kind::PortNotFound,
        Kind::BackendUnusable,
        Kind::NotPermitted,
    ];
    let mut looked_at = 0;
    for (file, resolver) in resolved() {
        let resolution = resolver.resolution();
        for (id, attachments) in &resolution.attachments {
            let Some(Status::Route(status)) = resolution.statuses.get(&id.reference()) else {
                continue;
            };
            let resolved = status.parents.iter().all(|parent| {
                let conditions = &parent.conditions;
                conditions.is_true(route::RESOLVED_REFS)
                    && conditions.is_true(route::ACCEPTED)
                    && conditions.condition(route::PARTIALLY_INVALID).is_none()
            });
            if !resolved || !attachments.iter().all(|attachment| attachment.ours) {
                continue;
            }
            looked_at += 1;
            let problems = resolver.reference_problems(&id.reference());
            let found = problems.iter().find(|p| of_backends.contains(&p.kind));
            assert_eq!(found, None, "{file}: {id}");
        }
    }
    assert!(looked_at > 30, "{looked_at}");
}
