//! Rules of nginx's configuration: `NG…`.

use crate::lint::rule::Rule;

mod address_not_passed;
mod alias_traversal;
mod default_body_size;
mod directory_listing;
mod header;
mod host_not_passed;
mod keepalive_without_http11;
pub(in crate::lint) mod owner;
mod pass;
mod port_mismatch;
mod proxies_to_itself;
mod scheme_not_passed;
mod static_not_there;
mod unknown_upstream;
mod version_shown;
mod websocket_not_upgraded;

/// Every rule of nginx's configuration.
pub static ALL: &[&Rule] = &[
    &default_body_size::RULE,
    &scheme_not_passed::RULE,
    &host_not_passed::RULE,
    &address_not_passed::RULE,
    &websocket_not_upgraded::RULE,
    &version_shown::RULE,
    &keepalive_without_http11::RULE,
    &proxies_to_itself::RULE,
    &unknown_upstream::RULE,
    &alias_traversal::RULE,
    &directory_listing::RULE,
    &static_not_there::RULE,
    &port_mismatch::RULE,
];
