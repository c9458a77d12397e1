//! Tags: which are honoured, which are ignored, and which would build a Ruby object.
//!
//! Psych looks at a tag with different rules for scalars, lists and mappings; GitLab lets only
//! plain data, symbols and `!reference` through (configuration reference 2.1, 2.2, 2.6).

/// What a tag does to its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing, as intended: `!!map`, `!!int`.
    None,
    /// `!reference`.
    Reference,
    /// The scalar is text, whatever it looks like.
    Text,
    /// The scalar is the name of a symbol.
    Symbol,
    /// The scalar must be a number and becomes a float.
    Float,
    /// The scalar is base64.
    Binary,
    /// Nothing, because Psych does not know it.
    Unknown,
    /// It would build an object, which GitLab refuses.
    Foreign,
}

/// The prefix of YAML's own tags, written `!!`.
const CORE: &str = "tag:yaml.org,2002:";

/// The Ruby tags that mean an object on a scalar; Psych ignores all others there.
const SCALAR_OBJECTS: [&str; 9] = [
    "!ruby/class",
    "!ruby/encoding",
    "!ruby/module",
    "!ruby/object:BigDecimal",
    "!ruby/object:Complex",
    "!ruby/object:DateTime",
    "!ruby/object:Rational",
    "!ruby/range",
    "!ruby/regexp",
];

/// The tag as people write it.
pub(super) fn shown(tag: &str) -> String {
    match tag.strip_prefix(CORE) {
        Some(name) => format!("!!{name}"),
        None => tag.to_owned(),
    }
}

/// What `tag` does to a scalar.
pub(super) fn on_scalar(tag: &str) -> Effect {
    if let Some(core) = tag.strip_prefix(CORE) {
        return match core {
            "str" => Effect::Text,
            "float" => Effect::Float,
            "binary" => Effect::Binary,
            "int" | "bool" | "null" | "timestamp" => Effect::None,
            _ => Effect::Unknown,
        };
    }
    match tag {
        "!" => Effect::None,
        "!reference" => Effect::Reference,
        "!str" | "!ruby/string" => Effect::Text,
        "!float" => Effect::Float,
        "!binary" => Effect::Binary,
        _ if tag.starts_with("!ruby/sym") => Effect::Symbol,
        _ if tag.starts_with("!str:") || tag.starts_with("!ruby/string:") => Effect::Foreign,
        _ if SCALAR_OBJECTS.contains(&tag) => Effect::Foreign,
        _ => Effect::Unknown,
    }
}

/// What `tag` does to a list.
pub(super) fn on_sequence(tag: &str) -> Effect {
    match tag {
        "!reference" => Effect::Reference,
        "!" | "tag:yaml.org,2002:seq" => Effect::None,
        "!omap" | "tag:yaml.org,2002:omap" => Effect::Foreign,
        _ if tag.starts_with("!seq:") || tag.starts_with("!ruby/array:") => Effect::Foreign,
        _ => Effect::Unknown,
    }
}

/// What `tag` does to a mapping.
pub(super) fn on_mapping(tag: &str) -> Effect {
    match tag {
        "!reference" => Effect::Reference,
        "!" | "tag:yaml.org,2002:map" | "!ruby/object:Hash" => Effect::None,
        "!str" | "!set" | "!omap" => Effect::Foreign,
        "tag:yaml.org,2002:str" | "tag:yaml.org,2002:set" | "tag:yaml.org,2002:omap" => {
            Effect::Foreign
        }
        _ if ["!str:", "!map:", "!ruby/"]
            .iter()
            .any(|p| tag.starts_with(p)) =>
        {
            Effect::Foreign
        }
        _ => Effect::Unknown,
    }
}
