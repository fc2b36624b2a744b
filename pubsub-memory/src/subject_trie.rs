//! Which filters match a subject, at a cost that depends on the subject and not on the number of filters.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use pubsub_core::SubjectFilter;

/// Values under subject filters, found by subject. One step per token and wildcard on the way.
#[derive(Debug)]
pub(crate) struct SubjectTrie<T> {
    root: Node<T>,
}

#[derive(Debug)]
struct Node<T> {
    literal: HashMap<Box<str>, Node<T>, RandomState>,
    any: Option<Box<Node<T>>>,
    /// Filters that end here.
    here: Vec<T>,
    /// Filters that end with `>` after this token.
    rest: Vec<T>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { literal: HashMap::default(), any: None, here: Vec::new(), rest: Vec::new() }
    }
}

impl<T> Default for SubjectTrie<T> {
    fn default() -> Self {
        Self { root: Node::default() }
    }
}

impl<T> SubjectTrie<T> {
    pub(crate) fn insert(&mut self, filter: &SubjectFilter, value: T) {
        let mut node = &mut self.root;
        for token in filter.tokens() {
            match token {
                ">" => {
                    node.rest.push(value);
                    return;
                }
                "*" => node = node.any.get_or_insert_default(),
                literal => node = node.literal.entry(literal.into()).or_default(),
            }
        }
        node.here.push(value);
    }

    /// Removes the values under this filter that `remove` says.
    pub(crate) fn remove(&mut self, filter: &SubjectFilter, remove: impl Fn(&T) -> bool) {
        let tokens: Vec<&str> = filter.tokens().collect();
        self.root.remove(&tokens, &remove);
    }

    /// Calls `visit` for the value of each filter that matches the subject, in no order.
    pub(crate) fn visit<'a>(&'a self, subject: &str, visit: &mut impl FnMut(&'a T)) {
        self.root.visit(subject, visit);
    }

    /// Calls `visit` for the value of each filter that some subject matches as well as this one, in no order.
    pub(crate) fn visit_overlapping<'a>(&'a self, filter: &SubjectFilter, visit: &mut impl FnMut(&'a T)) {
        let tokens: Vec<&str> = filter.tokens().collect();
        self.root.visit_overlapping(&tokens, visit);
    }

    /// The value of some filter that matches the subject.
    pub(crate) fn find(&self, subject: &str) -> Option<&T> {
        let mut found = None;
        self.visit(subject, &mut |value| found = Some(value));
        found
    }
}

impl<T> Node<T> {
    /// Returns whether nothing is left.
    fn remove(&mut self, tokens: &[&str], remove: &impl Fn(&T) -> bool) -> bool {
        match tokens {
            [] => self.here.retain(|value| !remove(value)),
            [">"] => self.rest.retain(|value| !remove(value)),
            ["*", tail @ ..] => {
                if self.any.as_mut().is_some_and(|node| node.remove(tail, remove)) {
                    self.any = None;
                }
            }
            [literal, tail @ ..] => {
                if self.literal.get_mut(*literal).is_some_and(|node| node.remove(tail, remove)) {
                    self.literal.remove(*literal);
                }
            }
        }
        self.literal.is_empty() && self.any.is_none() && self.here.is_empty() && self.rest.is_empty()
    }

    fn visit<'a>(&'a self, subject: &str, visit: &mut impl FnMut(&'a T)) {
        self.rest.iter().for_each(&mut *visit);
        let (token, tail) = match subject.split_once('.') {
            Some((token, tail)) => (token, Some(tail)),
            None => (subject, None),
        };
        for node in [self.literal.get(token), self.any.as_deref()].into_iter().flatten() {
            match tail {
                Some(tail) => node.visit(tail, visit),
                None => node.here.iter().for_each(&mut *visit),
            }
        }
    }
}

impl<T> Node<T> {
    fn visit_overlapping<'a>(&'a self, tokens: &[&str], visit: &mut impl FnMut(&'a T)) {
        let [token, tail @ ..] = tokens else {
            self.here.iter().for_each(visit);
            return;
        };
        self.rest.iter().for_each(&mut *visit);
        match *token {
            ">" => self.children().for_each(|node| node.visit_all(visit)),
            "*" => self.children().for_each(|node| node.visit_overlapping(tail, visit)),
            literal => {
                let nodes = [self.literal.get(literal), self.any.as_deref()];
                nodes.into_iter().flatten().for_each(|node| node.visit_overlapping(tail, visit));
            }
        }
    }

    fn visit_all<'a>(&'a self, visit: &mut impl FnMut(&'a T)) {
        self.here.iter().chain(&self.rest).for_each(&mut *visit);
        self.children().for_each(|node| node.visit_all(visit));
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        self.literal.values().chain(self.any.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> SubjectFilter {
        SubjectFilter::new(text).unwrap()
    }

    fn found(trie: &SubjectTrie<usize>, subject: &str) -> Vec<usize> {
        let mut found = Vec::new();
        trie.visit(subject, &mut |value| found.push(*value));
        found.sort_unstable();
        found
    }

    const FILTERS: [&str; 8] = [">", "a", "a.>", "a.*", "a.b", "*.b", "a.*.c", "*.*.>"];
    const SUBJECTS: [&str; 7] = ["a", "b", "a.b", "b.b", "a.b.c", "a.b.c.d", "c.d.e"];

    #[test]
    fn it_agrees_with_the_filters_themselves() {
        let mut trie = SubjectTrie::default();
        for (index, text) in FILTERS.iter().enumerate() {
            trie.insert(&filter(text), index);
        }
        for subject in SUBJECTS {
            let expected: Vec<usize> =
                (0..FILTERS.len()).filter(|index| filter(FILTERS[*index]).matches(subject)).collect();
            assert_eq!(found(&trie, subject), expected, "{subject}");
        }
    }

    #[test]
    fn what_is_removed_is_not_found_and_leaves_nothing_behind() {
        let mut trie = SubjectTrie::default();
        for (index, text) in FILTERS.iter().enumerate() {
            trie.insert(&filter(text), index);
        }
        for (index, text) in FILTERS.iter().enumerate() {
            trie.remove(&filter(text), |value| *value == index);
        }
        for subject in SUBJECTS {
            assert!(found(&trie, subject).is_empty(), "{subject}");
        }
        assert!(trie.root.literal.is_empty() && trie.root.any.is_none());
    }

    #[test]
    fn overlapping_filters_are_those_that_overlap_by_the_rules_of_filters() {
        let texts = ["a", "a.b", "a.*", "*.b", "a.>", ">", "*", "*.*", "b.c.d", "b.*.d", "b.>", "c.b.>"];
        let filters = texts.map(filter);
        let mut trie = SubjectTrie::default();
        filters.iter().for_each(|stored| trie.insert(stored, stored.as_str()));
        for wanted in &filters {
            let mut found = Vec::new();
            trie.visit_overlapping(wanted, &mut |text: &&str| found.push(*text));
            found.sort_unstable();
            let mut plain: Vec<&str> =
                filters.iter().filter(|other| other.overlaps(wanted)).map(SubjectFilter::as_str).collect();
            plain.sort_unstable();
            assert_eq!(found, plain, "{wanted}");
        }
    }
}
