use super::*;

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn route(name: &str) -> Place {
    Place::Route(name.to_owned())
}

#[test]
fn every_switch_ends_by_itself() {
    let fault = Fault { place: route("*"), kind: Kind::Error, share: 1.0, until: second(10) };
    let switches =
        Switches { read_only: Some(second(10)), unready: Some(second(10)), faults: vec![fault] };
    let get = route("GET /v1/me");
    assert_eq!(switches.refuses_writes(second(3)), Some(Duration::from_secs(7)));
    assert!(switches.is_unready(second(9)));
    assert_eq!(switches.faults_at(&get, second(9), || 0.5), [Kind::Error]);
    assert_eq!(switches.refuses_writes(second(10)), None);
    assert!(!switches.is_unready(second(10)));
    assert_eq!(switches.faults_at(&get, second(10), || 0.5), []);
}

#[test]
fn a_fault_is_where_it_was_switched_and_nowhere_else() {
    let fault = |place: Place, kind| Fault { place, kind, share: 1.0, until: second(10) };
    let slow = Kind::Latency(Duration::from_millis(5));
    let method = |name: &str| Place::Method(name.to_owned());
    let switches = Switches {
        faults: vec![
            fault(route("GET /v1/me"), Kind::Error),
            fault(method("*"), slow),
            fault(Place::Dependency("database".to_owned()), Kind::Down),
        ],
        ..Switches::default()
    };
    let found = |place: &Place| switches.faults_at(place, second(1), || 0.0);
    assert_eq!(found(&route("GET /v1/me")), [Kind::Error]);
    assert_eq!(found(&route("POST /v1/me")), []);
    assert_eq!(found(&method("package.Service/Method")), [slow]);
    assert_eq!(found(&Place::Dependency("database".to_owned())), [Kind::Down]);
    assert_eq!(found(&Place::Dependency("other".to_owned())), []);
}

#[test]
fn so_many_fail_as_the_share_says() {
    let fault = Fault { place: route("*"), kind: Kind::Abort, share: 0.25, until: second(10) };
    let switches = Switches { faults: vec![fault], ..Switches::default() };
    let failed = |chance: f64| !switches.faults_at(&route("x"), second(1), || chance).is_empty();
    assert_eq!([0.0, 0.24, 0.25, 0.9].map(failed), [true, true, false, false]);
}

#[test]
fn a_place_is_one_of_those_that_were_said_to_be_there() {
    let dependency = |name: &str| Place::Dependency(name.to_owned());
    assert_eq!(instead_of(&dependency("databse")), None, "nobody has said which there are");
    offer([dependency("database"), dependency("auth"), dependency("database")]);
    assert_eq!(instead_of(&dependency("database")), None);
    let known = vec!["database".to_owned(), "auth".to_owned()];
    assert_eq!(instead_of(&dependency("databse")), Some(known));
    assert_eq!(
        instead_of(&Place::Method("a.B/C".to_owned())),
        None,
        "of methods nobody has said it"
    );
}

#[test]
fn a_place_is_down_while_all_that_is_asked_there_fails() {
    let database = || Place::Dependency("database".to_owned());
    let down = |place, kind, share| {
        let fault = Fault { place, kind, share, until: second(10) };
        let switches = Switches { faults: vec![fault], ..Switches::default() };
        [9, 10].map(|now| switches.is_down(&database(), second(now)))
    };
    assert_eq!(down(database(), Kind::Down, 1.0), [true, false]);
    assert_eq!(down(database(), Kind::Down, 0.9), [false, false]);
    assert_eq!(down(database(), Kind::Latency(Duration::from_secs(1)), 1.0), [false, false]);
    assert_eq!(down(Place::Dependency("auth".to_owned()), Kind::Down, 1.0), [false, false]);
}
