//! What the README says works as it is written there.
use std::{fs, path::Path, process::Command};

use crate::app::{App, everywhere};

everywhere!(the_first_session_of_the_readme_works);

async fn the_first_session_of_the_readme_works(app: &App) {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"))
        .expect("the README");
    let section = readme.split("## A first session").nth(1).expect("the section");
    let written = section
        .split("```sh\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("its commands");
    let mine = format!("you-{}@example.com", uuid::Uuid::now_v7());
    let script =
        written.replace("http://127.0.0.1:8080", &app.http.base).replace("you@example.com", &mine);
    let strict = "set -euo pipefail\ncurl() { command curl --fail-with-body \"$@\"; }\n";
    let run = tokio::task::spawn_blocking(move || {
        Command::new("bash").arg("-c").arg(format!("{strict}{script}")).output()
    });
    let output = run.await.expect("it ran").expect("bash");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    for expected in [
        "Water the plants",
        "\"priority\":\"high\"",
        "\"status\":\"completed\"",
        "\"operation\":\"complete\"",
    ] {
        assert!(
            said.replace("\": ", "\":").contains(expected),
            "{expected} is not in {said}\n{complained}"
        );
    }
}
