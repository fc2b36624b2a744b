//! The W3C trace context in headers (<https://www.w3.org/TR/trace-context/>).

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use pubsub_core::{Headers, Result};

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// Puts the context of a span into headers, in place of the one that is there. A span without one changes nothing.
pub(super) fn inject(span: &SpanContext, headers: &mut Headers) -> Result<()> {
    if !span.is_valid() {
        return Ok(());
    }
    let flags = span.trace_flags().to_u8();
    headers.insert(PARENT, format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id()))?;
    headers.remove(STATE);
    let state = span.trace_state().header();
    if !state.is_empty() {
        headers.insert(STATE, state)?;
    }
    Ok(())
}

/// The context that headers hold, if it is one.
pub(super) fn extract(headers: &Headers) -> Option<SpanContext> {
    let state = headers.get(STATE).and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default();
    parse(headers.get(PARENT)?, state)
}

/// A context whose span is that of the headers.
pub(super) fn remote(headers: &Headers) -> Option<Context> {
    Some(Context::new().with_remote_span_context(extract(headers)?))
}

fn parse(parent: &str, state: TraceState) -> Option<SpanContext> {
    let mut parts = parent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // Version 255 is forbidden, version 0 has these parts only, and later ones may have more.
    if !is_hex(version, 2) || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    if !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let context =
        SpanContext::new(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags, true, state);
    context.is_valid().then_some(context)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(parent: &str) -> Headers {
        let mut headers = Headers::new();
        headers.insert(PARENT, parent).unwrap();
        headers
    }

    #[test]
    fn what_is_injected_is_extracted() {
        let mut given = headers(VALID);
        given.insert(STATE, "vendor=1").unwrap();
        let context = extract(&given).unwrap();
        assert!(context.is_sampled() && context.is_remote());
        let mut carried = Headers::new();
        inject(&context, &mut carried).unwrap();
        assert_eq!(carried, given);
    }

    #[test]
    fn a_later_version_may_say_more() {
        assert!(extract(&headers(&VALID.replacen("00", "01", 1))).is_some());
        assert!(extract(&headers(&format!("{}-more", VALID.replacen("00", "01", 1)))).is_some());
    }

    #[test]
    fn what_is_no_context_is_ignored() {
        for parent in [
            "",
            "00",
            &format!("{VALID}-more"),
            &VALID.replacen("00", "ff", 1),
            &VALID.to_uppercase(),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert!(extract(&headers(parent)).is_none(), "{parent}");
        }
    }

    #[test]
    fn a_span_without_a_context_leaves_what_is_there() {
        let mut carried = headers(VALID);
        inject(&SpanContext::NONE, &mut carried).unwrap();
        assert_eq!(carried, headers(VALID));
    }
}
