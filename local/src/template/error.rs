//! Why a template cannot run here; every variant names the resource and the property.

/// A template that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML.
    #[error("the template is not valid YAML")]
    Unreadable(#[source] yaml_serde::Error),
    /// A property that must be there is not.
    #[error("{place} is missing")]
    Missing {
        /// Resource and property, e.g. `OrdersTable.KeySchema`.
        place: String,
    },
    /// A property has a value of another type.
    #[error("{place} must be {expected}, not {found}")]
    Wrong {
        /// Resource and property.
        place: String,
        /// What would be right.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A `Ref`, `GetAtt`, `Sub` or condition names nothing of this template.
    #[error("{place} refers to {name}, which the template does not define")]
    Unknown {
        /// Resource and property.
        place: String,
        /// The name that leads nowhere.
        name: String,
    },
    /// A parameter has neither a value nor a default.
    #[error("parameter {0} has no value and no default")]
    Parameter(String),
    /// An intrinsic function the laptop does not know, or with malformed arguments.
    #[error("{place} uses {function} in a way that is not understood here")]
    Intrinsic {
        /// Resource and property.
        place: String,
        /// The function's long name.
        function: String,
    },
}
