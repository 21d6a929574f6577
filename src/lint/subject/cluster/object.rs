//! One object of a cluster.

use super::spot::Spot;
use crate::source::compose::Item;

/// An object.
#[derive(Debug)]
pub struct Object {
    /// What it is: `Deployment`.
    pub kind: String,
    /// The group and version it is of: `apps/v1`.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Its namespace; empty where none is said.
    pub namespace: String,
    /// All of it, as it is applied.
    item: Item,
    /// The document that it was made from.
    source: Item,
}

impl Object {
    /// The object of a document, which is applied as `item`; `None` of what is none.
    pub(super) fn of(item: Item, source: Item) -> Option<Self> {
        let text = |keys: &[&str]| keys.iter().try_fold(&item, |own, key| own.get(key))?.scalar();
        Some(Self {
            kind: text(&["kind"])?,
            version: text(&["apiVersion"])?,
            name: text(&["metadata", "name"])
                .or_else(|| text(&["metadata", "generateName"]))
                .unwrap_or_default(),
            namespace: text(&["metadata", "namespace"]).unwrap_or_default(),
            item,
            source,
        })
    }

    /// All of it.
    #[must_use]
    pub fn spot(&self) -> Spot<'_> {
        Spot::of(&self.item, &self.source)
    }

    /// The entry of a generator that it was made by; `None` where it stands in a file.
    #[must_use]
    pub fn generator(&self) -> Option<Spot<'_>> {
        let is_entry = self.source.get("kind").is_none() && self.source.get("name").is_some();
        is_entry.then(|| Spot::of(&self.source, &self.source))
    }

    /// `Deployment shop-web`, as its file calls it: kustomize puts a hash at the end of
    /// some names, which is another one tomorrow.
    #[must_use]
    pub fn label(&self) -> String {
        let metadata = self.source.get("metadata").and_then(|own| own.get("name"));
        let named = metadata.or_else(|| self.generator().and(self.source.get("name")));
        let name = named.and_then(Item::scalar).filter(|own| self.name.contains(own.as_str()));
        format!("{} {}", self.kind, name.as_deref().unwrap_or(&self.name))
    }

    /// An annotation.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<String> {
        self.spot().text(&["metadata", "annotations", name])
    }
}

/// Whether labels have what a selector asks for, as `matchLabels` and `matchExpressions`
/// say it; `None` where it asks in a way that is not known.
#[must_use]
pub fn fits(labels: &[(String, String)], selector: Spot<'_>) -> Option<bool> {
    let has = |name: &str, value: &str| labels.iter().any(|(n, v)| n == name && v == value);
    let wanted = selector.pairs(&["matchLabels"]);
    if !wanted.iter().all(|(name, value)| has(name, value)) {
        return Some(false);
    }
    for expression in selector.list(&["matchExpressions"]) {
        let key = expression.text(&["key"])?;
        let values = expression.words(&["values"]);
        let own = labels.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        let holds = match expression.text(&["operator"])?.as_str() {
            "In" => own.is_some_and(|own| values.contains(own)),
            "NotIn" => own.is_none_or(|own| !values.contains(own)),
            "Exists" => own.is_some(),
            "DoesNotExist" => own.is_none(),
            _ => return None,
        };
        if !holds {
            return Some(false);
        }
    }
    Some(true)
}
