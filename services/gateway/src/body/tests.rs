use serde_json::{Value, json};

use http_body_util::BodyExt as _;

use super::{extract::parse, *};

words! {
    /// How hot.
    Heat is proto::tasks::v1::Priority
}

object! {
    /// A part.
    struct Part { name: String, heat: Option<Heat>, }
}

object! {
    /// A whole.
    struct Whole {
        title: String,
        #[schema(value_type = Option<String>)]
        note: Patch<String>,
        done: Option<bool>,
        #[schema(value_type = Option<i32>)]
        count: Option<Within<-5, 90>>,
        parts: Option<Vec<Part>>,
    }
}

/// The reply to a body that is refused.
fn refused(body: &[u8]) -> (u16, String, Value) {
    let problem = parse::<Whole>(body).unwrap_err();
    let status = problem.status().as_u16();
    let occurrence = crate::problem::Occurrence {
        request_id: "r",
        trace_id: String::new(),
        at: kit_base::Timestamp::from_seconds(0),
    };
    let response = problem.write(occurrence);
    let bytes = futures_util::FutureExt::now_or_never(response.into_body().collect())
        .unwrap()
        .unwrap()
        .to_bytes();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    (status, document["code"].as_str().unwrap().to_owned(), document)
}

fn faults(body: &str) -> Vec<(String, String)> {
    let (status, code, document) = refused(body.as_bytes());
    assert_eq!((status, code.as_str()), (422, "VALIDATION_FAILED"), "{body}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    document["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (text(&fault["pointer"]), text(&fault["code"])))
        .collect()
}

#[test]
fn an_acceptable_body_is_read() {
    let heat = |word| Heat::parse(word).unwrap();
    assert_eq!(
        (Heat::from_contract(i32::from(heat("high"))), Heat::from_contract(99)),
        (heat("high"), heat("none"))
    );
    let whole: Whole =
        parse(br#"{"title":"a\u00e4","note":null,"parts":[{"name":"b","heat":"high"}]}"#).unwrap();
    assert_eq!((whole.title.as_str(), &whole.note, whole.done), ("aä", &Patch::Clear, None));
    let parts = whole.parts.unwrap();
    assert_eq!((parts[0].name.as_str(), parts[0].heat), ("b", Some(heat("high"))));
    assert_eq!(parse::<Whole>(br#"{"title":"a"}"#).unwrap().note, Patch::Absent);
    assert_eq!(
        parse::<Whole>(br#"{"title":"a","note":"b"}"#).unwrap().note,
        Patch::Set("b".to_owned())
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let body = json!({"note": 7, "done": "yes", "a/b~c": 1, "parts": [{"heat": "mild"}, 3, {"name": "x", "colour": "red"}]});
    let expected = [
        ("/a~1b~0c", "UNKNOWN_FIELD"),
        ("/title", "REQUIRED"),
        ("/note", "WRONG_TYPE"),
        ("/done", "WRONG_TYPE"),
        ("/parts/0/name", "REQUIRED"),
        ("/parts/0/heat", "NOT_ONE_OF"),
        ("/parts/1", "WRONG_TYPE"),
        ("/parts/2/colour", "UNKNOWN_FIELD"),
    ];
    assert_eq!(
        faults(&body.to_string()),
        expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()))
    );
}

#[test]
fn a_whole_number_is_read_exactly_and_no_other() {
    let count = |number: &str| format!("{{\"title\":\"a\",\"count\":{number}}}");
    for (number, expected) in
        [("0", 0), ("-0", 0), ("90", 90), ("-5", -5), ("90.0", 90), ("9e1", 90), ("null", -1)]
    {
        let read = parse::<Whole>(count(number).as_bytes()).unwrap().count;
        assert_eq!(read.unwrap_or(Within(-1)), Within(expected), "{number}");
    }
    for (number, code) in [
        ("90.5", "WRONG_TYPE"),
        ("1e-9", "WRONG_TYPE"),
        ("\"90\"", "WRONG_TYPE"),
        ("true", "WRONG_TYPE"),
        ("91", "OUT_OF_RANGE"),
        ("-6", "OUT_OF_RANGE"),
        ("2147483648", "OUT_OF_RANGE"),
        ("-2147483649", "OUT_OF_RANGE"),
        ("18446744073709551615", "OUT_OF_RANGE"),
        ("1e300", "OUT_OF_RANGE"),
        ("-1e300", "OUT_OF_RANGE"),
        ("1e400", "OUT_OF_RANGE"),
        ("1e99999999999999999999", "OUT_OF_RANGE"),
        (&"9".repeat(400), "OUT_OF_RANGE"),
        ("60.000000000000000000001", "WRONG_TYPE"),
    ] {
        assert_eq!(faults(&count(number)), [("/count".to_owned(), code.to_owned())], "{number}");
        if code == "OUT_OF_RANGE" {
            let (_, _, document) = refused(count(number).as_bytes());
            assert_eq!(document["errors"][0]["message"], "this is a number from -5 to 90");
        }
    }
}

#[test]
fn a_key_that_comes_twice_is_a_fault() {
    assert_eq!(
        faults(r#"{"title":"a","title":"a"}"#),
        [("/title".to_owned(), "REPEATED_FIELD".to_owned())]
    );
    assert_eq!(
        faults(r#"{"title":"a","\u0074itle":"a"}"#),
        [("/title".to_owned(), "REPEATED_FIELD".to_owned())]
    );
}

#[test]
fn a_text_that_no_database_stores_is_a_fault() {
    assert_eq!(
        faults(r#"{"title":"a\u0000"}"#),
        [("/title".to_owned(), "INVALID_CHARACTER".to_owned())]
    );
}

#[test]
fn what_is_not_an_object_is_a_fault_of_the_whole() {
    for body in ["null", "[]", "1", "\"title\""] {
        assert_eq!(faults(body), [(String::new(), "WRONG_TYPE".to_owned())]);
    }
}

#[test]
fn faults_are_not_told_without_end() {
    let body: String = (0..10_000).map(|field| format!("\"f{field}\":1,")).collect();
    assert_eq!(faults(&format!("{{{body}\"title\":\"a\"}}")).len(), 64);
}

#[test]
fn what_is_not_json_is_malformed_and_says_where() {
    let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
    let bodies: [&[u8]; 12] = [
        b"",
        b" ",
        b"{",
        b"{\"title\":}",
        b"{'title':'a'}",
        b"{\"title\":\"a\",}",
        b"{} {}",
        b"NaN",
        b"{\"title\":\"\xff\"}",
        b"{\"title\":\"\\ud800\"}",
        b"{\"\\ud800\":1}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let (status, code, document) = refused(body);
        assert_eq!(
            (status, code.as_str()),
            (400, "MALFORMED_JSON"),
            "{}",
            String::from_utf8_lossy(body)
        );
        assert!(document["detail"].as_str().unwrap().contains("line 1 column"), "{document}");
    }
    let (_, _, document) = refused(b"{\n\"title\": \"\\ud800\"}");
    let why = "unexpected end of hex escape in what begins at line 2 column 10";
    assert!(document["detail"].as_str().unwrap().ends_with(why), "{document}");
    assert_eq!(refused(format!("{}1{}", "[".repeat(32), "]".repeat(32)).as_bytes()).0, 422);
}
