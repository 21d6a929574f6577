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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::compose::yaml;

    fn found(selector: &str) -> Option<bool> {
        let labels = [("app", "web"), ("tier", "front")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let item = yaml::read(selector).unwrap();
        fits(&labels, Spot::of(&item, &item))
    }

    #[test]
    fn a_selector_finds_what_every_part_of_it_asks_for() {
        assert_eq!(found("matchLabels: {app: web}"), Some(true));
        assert_eq!(found("matchLabels: {app: web, tier: back}"), Some(false));
        let one = |words: &str| found(&format!("matchExpressions: [{{{words}}}]"));
        assert_eq!(one("key: app, operator: In, values: [api, web]"), Some(true));
        assert_eq!(one("key: app, operator: NotIn, values: [api, web]"), Some(false));
        assert_eq!(one("key: zone, operator: NotIn, values: [a]"), Some(true));
        assert_eq!(one("key: zone, operator: Exists"), Some(false));
        assert_eq!(one("key: zone, operator: DoesNotExist"), Some(true));
        assert_eq!(one("key: app, operator: Gt, values: [1]"), None);
    }

    #[test]
    fn a_value_has_the_place_where_somebody_wrote_it() {
        let source = yaml::read(
            "apiVersion: a/v1\nkind: A\nmetadata: {name: web}\nspec:\n  list:\n    - name: b\n      size: 1\n",
        )
        .unwrap();
        let built = yaml::read("apiVersion: a/v1\nkind: A\nmetadata: {name: x-web-1}\nspec:\n  list:\n  - {name: a, size: 3}\n  - {name: b, size: 2}\n").unwrap();
        let object = Object::of(built, source).unwrap();
        assert_eq!((object.name.as_str(), object.label()), ("x-web-1", "A web".to_owned()));
        let list = object.spot().list(&["spec", "list"]);
        let line = |own: Spot<'_>| own.line();
        assert_eq!(list[1].int(&["size"]), Some(2));
        assert_eq!(line(list[1].get("size").unwrap()), 7);
        // What another file brings is near the list.
        assert_eq!(line(list[0].get("size").unwrap()), 5);
    }
}
