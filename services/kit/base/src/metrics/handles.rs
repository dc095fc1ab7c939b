use std::collections::HashMap;

/// The series that one thread has used: a request finds its own without a lock and without building a label.
#[derive(Debug)]
pub struct Handles<K, S> {
    places: HashMap<Box<str>, usize>,
    variants: Vec<Vec<(K, S)>>,
}

impl<K, S> Default for Handles<K, S> {
    fn default() -> Self {
        Self { places: HashMap::new(), variants: vec![] }
    }
}

impl<K: PartialEq, S> Handles<K, S> {
    /// The series for a route or method, which are few, and the rest of its labels; `find` looks it up the first time.
    pub fn get(&mut self, name: &str, rest: K, find: impl FnOnce() -> S) -> &S {
        let place = self.places.get(name).copied().unwrap_or_else(|| {
            self.places.insert(name.into(), self.variants.len());
            self.variants.push(vec![]);
            self.variants.len() - 1
        });
        let variants = &mut self.variants[place];
        let position = variants.iter().position(|(known, _)| *known == rest).unwrap_or_else(|| {
            variants.push((rest, find()));
            variants.len() - 1
        });
        &variants[position].1
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Histogram, HistogramOpts};

    use super::*;

    #[test]
    fn a_handle_is_looked_up_once_for_all_its_labels() {
        let mut handles = Handles::default();
        let mut looked_up = 0;
        for status in [200, 404, 200, 200] {
            let find = || {
                looked_up += 1;
                Histogram::with_opts(HistogramOpts::new("name", "help")).unwrap()
            };
            handles.get("/v1/tasks", status, find).observe(0.1);
        }
        let find = || panic!("it was looked up before");
        assert_eq!((looked_up, handles.get("/v1/tasks", 200, find).get_sample_count()), (2, 3));
    }
}
