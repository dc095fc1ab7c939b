//! The operator's commands, as they are typed.
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use kit_base::testing::eventually;
use kit_db::testing::Backend;

use crate::{
    app::alone,
    http::Http,
    processes::{
        fleet::Fleet,
        process::{Process, path_of},
    },
    storage::{self, Variables},
    user::User,
};

kit_db::on_each_backend!(
    a_doctor_says_what_to_do_before_and_nothing_after_migrating,
    a_service_brings_its_own_schema_up_to_date,
);

/// Runs `errand` with these arguments.
pub(crate) fn errand(arguments: &[&str], variables: &Variables) -> Output {
    run("errand", arguments, variables)
}

fn run(binary: &str, arguments: &[&str], variables: &Variables) -> Output {
    let mut command = Command::new(path_of(binary));
    command.args(arguments).env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    command.output().expect("it runs")
}

pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[track_caller]
pub(crate) fn succeeds(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    said(output)
}

#[test]
fn every_fault_of_the_configuration_is_said_at_once() {
    let variables = vec![
        ("PORT", "x".to_owned()),
        ("AUTH_HASH_WORKERS", "0".to_owned()),
        ("LOG_LEVEL", "=".to_owned()),
    ];
    for arguments in [&["serve", "--check-config"][..], &["serve"], &["migrate"]] {
        let output = errand(arguments, &variables);
        assert_eq!(output.status.code(), Some(64), "{}", said(&output));
        assert!(said(&output).contains("AUTH_HASH_WORKERS"), "{}", said(&output));
    }
    let output = said(&errand(&["serve", "--check-config"], &variables));
    assert!(output.contains("PORT") && output.contains("LOG_LEVEL"), "{output}");
}

#[test]
fn the_configuration_in_effect_shows_no_secret() {
    let kek = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=";
    let variables = vec![
        ("DATABASE_URL", "postgres://errand:hunter2@db/errand".to_owned()),
        ("KEK", kek.to_owned()),
        ("PORT", "81".to_owned()),
    ];
    let shown = succeeds(&errand(&["serve", "--print-config"], &variables));
    assert!(shown.contains("PORT=81\n") && shown.contains("KEK=[redacted]"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains(kek), "{shown}");
}

async fn a_doctor_says_what_to_do_before_and_nothing_after_migrating(backend: Backend) {
    let mut variables = storage::variables(backend).await;
    variables.push(("ADMIN_LISTEN", "127.0.0.1:1".to_owned()));
    let output = errand(&["doctor"], &variables);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("run `errand migrate`"), "{}", said(&output));
    succeeds(&errand(&["migrate"], &variables));
    succeeds(&errand(&["migrate"], &variables));
    let output = succeeds(&errand(&["doctor"], &variables));
    assert!(
        !output.contains("FAILED") && output.contains("ok      tasks write permission"),
        "{output}"
    );
}

#[test]
fn a_doctor_finds_a_database_that_is_down_and_a_key_that_does_not_fit() {
    alone(async {
        let mut variables = storage::variables(Backend::Sqlite).await;
        succeeds(&errand(&["migrate"], &variables));
        succeeds(&errand(&["doctor"], &variables));
        variables.retain(|(name, _)| *name != "KEK");
        variables.push(("KEK", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYyE=".to_owned()));
        let output = errand(&["doctor"], &variables);
        assert!(
            output.status.code() == Some(1) && said(&output).contains("FAILED  keys"),
            "{}",
            said(&output)
        );
        variables.push(("TASKS_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none".to_owned()));
        let output = errand(&["doctor"], &variables);
        assert!(said(&output).contains("FAILED  tasks database"), "{}", said(&output));
        names_the_server(&said(&output));
    });
}

/// What says that a database is not there says once which it is and why.
#[track_caller]
fn names_the_server(said: &str) {
    assert_eq!(said.matches("127.0.0.1:1: Connection refused").count(), 1, "{said}");
    assert_eq!(said.matches("cannot be reached").count(), 1, "{said}");
}

#[test]
fn a_migration_that_waits_says_for_which_database_and_why() {
    let database = ("DATABASE_URL", "postgres://nobody:hunter2@127.0.0.1:1/none");
    let kek = ("KEK", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let variables = [database, kek, ("AUTH_URL", "http://127.0.0.1:2")];
    for (binary, service) in [("errand", "auth"), ("auth", "auth"), ("tasks", "tasks")] {
        let mut command = Command::new(path_of(binary));
        command.arg("migrate").env_clear().envs(variables).stderr(Stdio::piped());
        let mut waiting = command.spawn().expect("it runs");
        let mut said = String::new();
        BufReader::new(waiting.stderr.take().expect("a pipe")).read_line(&mut said).unwrap();
        waiting.kill().unwrap();
        waiting.wait().unwrap();
        assert!(said.starts_with(&format!("{service}: the database")), "{said}");
        names_the_server(&said);
    }
}

#[test]
fn a_demo_can_be_made_once_and_finished_later() {
    alone(async {
        let fleet = Fleet::in_one_process().await;
        let process = &fleet.processes[0];
        is_healthy(process);
        let demo = |more: &[&str]| {
            let arguments = [&["demo", "--url", process.address.as_str()][..], more].concat();
            errand(&arguments, &vec![])
        };
        let output = succeeds(&demo(&[]));
        let password =
            output.lines().find_map(|line| line.trim().strip_prefix("demo-")).expect("a password");
        let password = format!("demo-{password}");
        let demo_user =
            User::signs_in(&Http::new(process.address.clone()), "demo@example.com", &password)
                .await;
        let made = demo_user.reads_all("/v1/tasks").await;
        assert!(made.len() >= 20, "{} tasks", made.len());

        let output = demo(&[]);
        assert!(
            output.status.code() == Some(1) && said(&output).contains("--password"),
            "{}",
            said(&output)
        );
        succeeds(&demo(&["--password", &password]));
        assert_eq!(demo_user.reads_all("/v1/tasks").await, made);
    });
}

fn is_healthy(process: &Process) {
    let at = vec![("ADMIN_LISTEN", process.admin_address().to_owned())];
    assert!(succeeds(&errand(&["health"], &at)).starts_with("ok"));
    let nowhere = vec![("ADMIN_LISTEN", "127.0.0.1:1".to_owned())];
    assert_eq!(errand(&["health"], &nowhere).status.code(), Some(1));
}

async fn a_service_brings_its_own_schema_up_to_date(backend: Backend) {
    let shared = storage::variables(backend).await;
    let folder = shared.iter().find(|(name, _)| *name == "DATA_DIR").expect("a folder");
    for service in ["auth", "tasks"] {
        let mut variables = storage::for_service(service, &shared);
        variables.retain(|(name, _)| *name != "AUTO_MIGRATE");
        if backend == Backend::Sqlite {
            variables.push(("DATABASE_URL", format!("sqlite:{}/{service}.db", folder.1)));
        }
        for _ in 0..2 {
            let output = succeeds(&run(service, &["migrate"], &variables));
            assert_eq!(output, format!("{service}: the schema is up to date\n"));
        }
    }
    let output = said(&errand(&["doctor"], &shared));
    assert!(!output.contains("run `errand migrate`"), "{output}");
}

#[test]
fn a_service_asks_for_the_health_of_its_own_process() {
    alone(async {
        let fleet = Fleet::in_one_process().await;
        let admin = format!("http://{}", fleet.processes[0].admin_address());
        for service in ["auth", "tasks", "gateway"] {
            // It needs none of the settings that the service has to have.
            let asked = run(service, &["health", "--admin-url", &admin], &vec![]);
            assert!(succeeds(&asked).starts_with("ok"));
            let nowhere = run(service, &["health", "--admin-url=http://127.0.0.1:1"], &vec![]);
            assert_eq!(nowhere.status.code(), Some(1), "{}", said(&nowhere));
        }
        let output = run("gateway", &["migrate"], &vec![]);
        assert_eq!(output.status.code(), Some(64), "a gateway keeps nothing");
    });
}

#[test]
fn a_rate_in_the_configuration_file_takes_effect_without_a_restart() {
    alone(async {
        let mut variables = storage::variables(Backend::Sqlite).await;
        variables.retain(|(name, _)| *name != "RATE_LIMIT");
        let folder = variables.iter().find(|(name, _)| *name == "DATA_DIR").expect("a folder");
        let folder = Path::new(&folder.1).to_owned();
        let file = folder.join("settings.env");
        let write = |rate: u32| {
            fs::write(&file, format!("RATE_LIMIT_LOGIN={rate}\nDRAIN_DELAY=0s\n")).expect("a file");
        };
        write(7);
        variables.push(("CONFIG_FILE", file.display().to_string()));
        let process = Process::start("errand", "errand", &folder, variables);
        process.becomes_ready().await;
        let http = Http::new(process.address.clone());
        let rate = async || http.get("/v1/limits").await.expect(200)["rates"]["login"].clone();
        assert_eq!(rate().await, 7);
        write(8);
        eventually("the new rate is in effect", async || rate().await == 8).await;
    });
}
