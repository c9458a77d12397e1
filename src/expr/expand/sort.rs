//! The order in which variables are expanded: what is referred to comes first.

use std::collections::HashMap;

use super::scan::names;
use super::{Variable, Variables};

/// The entries in their order of expansion, or the cycles that there are, each with the names of
/// its entries. As in GitLab an entry waits for all entries of a name that it refers to; a
/// reference to itself is no cycle.
pub(super) fn sorted(variables: &Variables) -> Result<Vec<&Variable>, Vec<Vec<String>>> {
    let nodes: Vec<&Variable> = variables.iter().collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, variable) in nodes.iter().enumerate() {
        by_name.entry(&variable.key).or_default().push(at);
    }
    let children = |node: usize| -> Vec<usize> {
        let variable = nodes[node];
        if !variable.may_refer() {
            return Vec::new();
        }
        let named = names(&variable.value).filter_map(|name| by_name.get(name));
        named.flatten().copied().collect()
    };
    let components = components(nodes.len(), children);
    let cycles: Vec<Vec<String>> = components
        .iter()
        .filter(|component| component.len() > 1)
        .map(|component| {
            component
                .iter()
                .map(|at| nodes[*at].key.to_string())
                .collect()
        })
        .collect();
    if cycles.is_empty() {
        Ok(components
            .into_iter()
            .flatten()
            .map(|at| nodes[at])
            .collect())
    } else {
        Err(cycles)
    }
}

/// One node on the path of the search.
struct Visit {
    node: usize,
    children: std::vec::IntoIter<usize>,
    /// The earliest node of the stack that can be reached.
    low: usize,
    /// Where the component of this node would begin on the stack.
    base: usize,
}

/// The strongly connected components (Tarjan), children first, each in the order its nodes were
/// found. Without recursion: a chain of references may be long.
fn components(count: usize, children: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    const DONE: usize = usize::MAX - 1;
    let mut number = vec![UNSEEN; count];
    let mut stack = Vec::new();
    let mut components = Vec::new();
    let mut path: Vec<Visit> = Vec::new();
    let mut counter = 0;
    for root in 0..count {
        let mut enter = (number[root] == UNSEEN).then_some(root);
        loop {
            if let Some(node) = enter.take() {
                number[node] = counter;
                path.push(Visit {
                    node,
                    children: children(node).into_iter(),
                    low: counter,
                    base: stack.len(),
                });
                counter += 1;
                stack.push(node);
            }
            let Some(visit) = path.last_mut() else { break };
            if let Some(child) = visit.children.next() {
                match number[child] {
                    UNSEEN => enter = Some(child),
                    DONE => {}
                    seen => visit.low = visit.low.min(seen),
                }
                continue;
            }
            let Some(done) = path.pop() else { break };
            if done.low == number[done.node] {
                let component = stack.split_off(done.base);
                for node in &component {
                    number[*node] = DONE;
                }
                components.push(component);
            } else if let Some(parent) = path.last_mut() {
                parent.low = parent.low.min(done.low);
            }
        }
    }
    components
}
