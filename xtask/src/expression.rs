//! Which series and labels an expression of PromQL names. Whether it is one is for `promtool` to say.
use std::collections::BTreeSet;

/// What an expression names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Use {
    /// Each series that is asked for, with the labels that it is chosen by.
    pub(crate) metrics: Vec<(String, Vec<String>)>,
    /// Labels by which it is put together.
    pub(crate) labels: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text,
    Sign(char),
}

/// After these stands a list of labels.
const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
const OPERATORS: [&str; 6] = ["and", "or", "unless", "bool", "offset", "atan2"];

/// # Errors
/// A text or a pair of braces that is not closed.
pub(crate) fn used(expression: &str) -> anyhow::Result<Use> {
    let tokens = tokens(expression)?;
    let (mut found, mut at) = (Use::default(), 0);
    while let Some(token) = tokens.get(at) {
        at += 1;
        let Token::Word(word) = token else {
            if *token == Token::Sign('[') {
                at = closing(&tokens, at, ']', expression)?;
            }
            continue;
        };
        let next = tokens.get(at);
        if LISTS.contains(&&**word) {
            if next == Some(&Token::Sign('(')) {
                let end = closing(&tokens, at + 1, ')', expression)?;
                found.labels.extend(words(&tokens[at + 1..end - 1]));
                at = end;
            }
        } else if OPERATORS.contains(&&**word)
            || is_number(word)
            || next == Some(&Token::Sign('('))
            || matches!(next, Some(Token::Word(next)) if LISTS.contains(&&**next))
        {
            // An operator, a number, a function, or what puts together `by` labels.
        } else if next == Some(&Token::Sign('{')) {
            let end = closing(&tokens, at + 1, '}', expression)?;
            found.metrics.push((word.clone(), words(&tokens[at + 1..end - 1]).collect()));
            at = end;
        } else {
            found.metrics.push((word.clone(), vec![]));
        }
    }
    Ok(found)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit() || first == '$')
        || ["inf", "nan"].contains(&&*word.to_lowercase())
}

fn words(tokens: &[Token]) -> impl Iterator<Item = String> {
    tokens.iter().filter_map(|token| match token {
        Token::Word(word) => Some(word.clone()),
        Token::Text | Token::Sign(_) => None,
    })
}

/// The place behind the sign that closes what is open.
fn closing(tokens: &[Token], from: usize, sign: char, expression: &str) -> anyhow::Result<usize> {
    let end = tokens[from..].iter().position(|token| *token == Token::Sign(sign));
    end.map(|end| from + end + 1)
        .ok_or_else(|| anyhow::anyhow!("there is no {sign} in {expression}"))
}

fn tokens(expression: &str) -> anyhow::Result<Vec<Token>> {
    let mut characters = expression.chars().peekable();
    let mut tokens = vec![];
    while let Some(character) = characters.next() {
        if character == '"' || character == '\'' {
            let mut escaped = false;
            let closed = characters.by_ref().any(|next| {
                let ends = next == character && !escaped;
                escaped = next == '\\' && !escaped;
                ends
            });
            anyhow::ensure!(closed, "a text without an end in {expression}");
            tokens.push(Token::Text);
        } else if character == '#' {
            characters.by_ref().find(|next| *next == '\n');
        } else if is_of_word(character) {
            let mut word = character.to_string();
            while let Some(next) = characters.next_if(|next| is_of_word(*next) || *next == '.') {
                word.push(next);
            }
            tokens.push(Token::Word(word));
        } else if !character.is_whitespace() {
            tokens.push(Token::Sign(character));
        }
    }
    Ok(tokens)
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(expression: &str) -> (Vec<(String, Vec<String>)>, Vec<String>) {
        let Use { metrics, labels } = used(expression).unwrap();
        (metrics, labels.into_iter().collect())
    }

    fn named(names: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        let texts = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        names.iter().map(|(name, labels)| ((*name).to_owned(), texts(labels))).collect()
    }

    #[test]
    fn an_expression_names_series_and_labels_and_nothing_else() {
        for (expression, metrics, labels) in [
            ("up == 0", &[("up", &[][..])][..], &[][..]),
            (
                "sum by (namespace, pod) (rate(a_total{x=~\"b|c\",y!='d}'}[5m])) / on (pod) group_left (v) max without (x) (b:c:d) > 1.5e3",
                &[("a_total", &["x", "y"]), ("b:c:d", &[])],
                &["namespace", "pod", "v", "x"],
            ),
            (
                "histogram_quantile(0.99, sum(rate(h_bucket[$__rate_interval])) by (le))",
                &[("h_bucket", &[])],
                &["le"],
            ),
            (
                "a and on (x) b unless ignoring (y) c or vector(0) # d",
                &[("a", &[]), ("b", &[]), ("c", &[])],
                &["x", "y"],
            ),
            ("last_over_time(a[1h] offset 5m) * Inf", &[("a", &[])], &[]),
            ("topk by (x) (5, a{namespace=~\"$namespace\"})", &[("a", &["namespace"])], &["x"]),
        ] {
            let (found, by) = names_in(expression);
            assert_eq!(
                (found, by),
                (named(metrics), labels.iter().map(|label| (*label).to_owned()).collect()),
                "{expression}"
            );
        }
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for expression in ["a{b=\"c\"", "sum by (a", "a[5m", "a{b=\"c}"] {
            assert!(used(expression).is_err(), "{expression}");
        }
    }
}
