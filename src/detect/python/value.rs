//! What an expression stands for, as far as reading it tells.

/// How the code takes a variable's text apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As it stands.
    #[default]
    Text,
    /// As a list with this separator.
    List(String),
    /// As a switch that this text turns off.
    Switch(String),
    /// As a number.
    Number,
}

/// A variable that is read from the environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Its name.
    pub name: String,
    /// What is taken where it is not set.
    pub default: Option<Box<Value>>,
    /// Whether reading it fails where it is not set.
    pub required: bool,
    /// How its text is taken apart.
    pub form: Form,
}

impl Read {
    /// A variable with no default.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), default: None, required: false, form: Form::Text }
    }
}

/// What an expression stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing that can be told.
    #[default]
    Unknown,
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// Text with values in it, in order.
    Template(Vec<Value>),
    /// A path in the repository, relative to the directory that was read; `.`
    /// for the top.
    Place(String),
    /// A variable of the environment.
    Read(Read),
    /// One of these, the likeliest in production first.
    Either(Vec<Value>),
    /// A list, tuple or set.
    List(Vec<Value>),
    /// A dictionary, by its text keys.
    Dict(Vec<(String, Value)>),
    /// A call of something that cannot be followed further.
    Call(Box<Call>),
    /// A function, class or module of the repository.
    Defined(Definition),
    /// What a function is given: the name of its parameter.
    Parameter(String),
    /// An attribute of one of these.
    Attribute(Box<Value>, String),
}

/// A function, class or module of the repository; the evaluator that gave it
/// knows which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition(pub(super) usize);

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The full name of what is called.
    pub name: String,
    /// Its arguments; positional ones by their number.
    pub arguments: Vec<(String, Value)>,
    /// What is called, where the repository defines it.
    pub callee: Option<Definition>,
    /// The name that the code gives to what comes back.
    pub target: Option<String>,
    /// Whether a function gave it back, so that its arguments are not written
    /// where the value is.
    pub is_returned: bool,
    /// File and offset of the call.
    pub site: (String, u32),
}

impl Value {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(items) => item(items, key),
            Self::Call(call) => item(&call.arguments, key),
            Self::Either(values) => values.iter().find_map(|value| value.get(key)),
            _ => None,
        }
    }

    /// The same with parameters replaced by what they are given.
    #[must_use]
    pub(super) fn given(self, arguments: &dyn Fn(&str) -> Self) -> Self {
        let all = |values: Vec<Self>| values.into_iter().map(|it| it.given(arguments)).collect();
        let named = |items: Vec<(String, Self)>| {
            items.into_iter().map(|(name, value)| (name, value.given(arguments))).collect()
        };
        match self {
            Self::Parameter(name) => arguments(&name),
            Self::Template(values) => Self::Template(all(values)),
            Self::Either(values) => Self::Either(all(values)),
            Self::List(values) => Self::List(all(values)),
            Self::Dict(items) => Self::Dict(named(items)),
            Self::Call(call) => {
                Self::Call(Box::new(Call { arguments: named(call.arguments), ..*call }))
            }
            Self::Attribute(of, name) => Self::Attribute(Box::new(of.given(arguments)), name),
            Self::Read(mut read) => {
                read.default = read.default.map(|value| Box::new(value.given(arguments)));
                Self::Read(read)
            }
            other => other,
        }
    }

    /// Whether it is made of more values than this.
    #[must_use]
    pub(super) fn is_larger_than(&self, most: usize) -> bool {
        let mut left = most;
        !self.fits(&mut left)
    }

    /// Takes its parts off what is left; `false` where that is not enough.
    fn fits(&self, left: &mut usize) -> bool {
        let Some(rest) = left.checked_sub(1) else { return false };
        *left = rest;
        match self {
            Self::Template(values) | Self::Either(values) | Self::List(values) => {
                values.iter().all(|own| own.fits(left))
            }
            Self::Dict(items) => items.iter().all(|(_, own)| own.fits(left)),
            Self::Call(call) => call.arguments.iter().all(|(_, own)| own.fits(left)),
            Self::Read(read) => read.default.as_deref().is_none_or(|own| own.fits(left)),
            Self::Attribute(of, _) => of.fits(left),
            _ => true,
        }
    }

    /// Every value in it, itself first, defaults of variables included.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        let mut parts = vec![self];
        match self {
            Self::Template(values) | Self::Either(values) | Self::List(values) => {
                parts.extend(values.iter().flat_map(Self::parts));
            }
            Self::Dict(items) => parts.extend(items.iter().flat_map(|(_, value)| value.parts())),
            Self::Call(call) if !call.is_returned => {
                parts.extend(call.arguments.iter().flat_map(|(_, value)| value.parts()));
            }
            Self::Read(read) => parts.extend(read.default.iter().flat_map(|value| value.parts())),
            _ => {}
        }
        parts
    }

    /// Every variable in it.
    #[must_use]
    pub fn reads(&self) -> Vec<&Read> {
        let read = |part: &'_ Self| matches!(part, Self::Read(_));
        let parts = self.parts().into_iter().filter(|part| read(part));
        parts
            .filter_map(|part| if let Self::Read(read) = part { Some(read) } else { None })
            .collect()
    }

    /// The variable it is, where nothing else can be it.
    #[must_use]
    pub fn read(&self) -> Option<&Read> {
        match self {
            Self::Read(read) => Some(read),
            Self::Either(values) => values.iter().find_map(Self::read),
            Self::Template(values) if values.len() == 1 => values[0].read(),
            _ => None,
        }
    }

    /// The texts it may begin with: literal ones, those of templates up to
    /// the first unknown part, and defaults.
    #[must_use]
    pub fn beginnings(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Int(number) => vec![number.to_string()],
            Self::Template(values) => beginning(values),
            Self::Either(values) => values.iter().flat_map(Self::beginnings).collect(),
            Self::Read(read) => read.default.iter().flat_map(|value| value.beginnings()).collect(),
            Self::Place(path) => vec![path.clone()],
            _ => Vec::new(),
        }
    }

    /// The text, where it is one, or a variable's default.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Int(number) => Some(number.to_string()),
            Self::Read(read) => read.default.as_ref()?.text(),
            Self::Either(values) => values.iter().find_map(Self::text),
            Self::Template(values) => values.iter().map(Self::text).collect(),
            _ => None,
        }
    }

    /// The path in the repository, where it is one or a variable's default
    /// is. Relative text is a path below `directory`.
    #[must_use]
    pub fn path(&self, directory: &str) -> Option<String> {
        match self {
            Self::Place(path) => Some(path.clone()),
            Self::Text(text) if !text.is_empty() => below(directory, text),
            Self::Read(read) => read.default.as_ref()?.path(directory),
            Self::Either(values) => values.iter().find_map(|value| value.path(directory)),
            Self::Template(values) => {
                let mut path = match values.first()? {
                    Self::Place(path) => path.clone(),
                    first => return below(directory, &first.text().filter(|_| values.len() == 1)?),
                };
                for value in &values[1..] {
                    path = below(&path, value.text()?.trim_start_matches('/'))?;
                }
                Some(path)
            }
            _ => None,
        }
    }
}

fn item<'v>(items: &'v [(String, Value)], key: &str) -> Option<&'v Value> {
    items.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}

fn beginning(values: &[Value]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for value in values {
        match value {
            Value::Text(text) => texts.iter_mut().for_each(|whole| whole.push_str(text)),
            Value::Int(number) => {
                texts.iter_mut().for_each(|whole| whole.push_str(&number.to_string()));
            }
            Value::Read(_) | Value::Either(_) | Value::Template(_) if texts == [""] => {
                texts = value.beginnings();
            }
            _ => break,
        }
    }
    texts.retain(|text| !text.is_empty());
    texts
}

/// `path` below `directory`, normalised; `None` where it leaves the
/// repository or is absolute.
#[must_use]
pub fn below(directory: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains("://") {
        return None;
    }
    let mut parts: Vec<&str> =
        directory.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".into() } else { parts.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_the_repository_or_is_none() {
        assert_eq!(below("backend/app", "../media/").as_deref(), Some("backend/media"));
        assert_eq!(below(".", "a/./b").as_deref(), Some("a/b"));
        assert_eq!(below("a", "..").as_deref(), Some("."));
        assert_eq!(below(".", ".."), None);
        assert_eq!(below(".", "/var/lib"), None);
    }

    #[test]
    fn the_beginning_of_a_template_ends_at_its_first_unknown_part() {
        let template = Value::Template(vec![
            Value::Text("postgresql://".into()),
            Value::Unknown,
            Value::Text("@db".into()),
        ]);
        assert_eq!(template.beginnings(), ["postgresql://"]);
    }
}
