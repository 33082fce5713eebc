//! The usual reply over WebSocket: one order, taken.

/// What the reply to an order that was taken says.
pub struct Taken<'a> {
    /// As the request had it, quotes included.
    pub request_id: &'a [u8],
    pub client_order_id: &'a [u8],
    /// As clients know it.
    pub order: u64,
    pub tag: &'a [u8],
    /// Exchange time in ms.
    pub time_ms: u64,
    /// Wall time in µs at which the request came, and at which this leaves.
    pub in_us: u64,
    pub out_us: u64,
}

impl Taken<'_> {
    /// A text message as one frame. Its texts are those that `PlainOrders` takes, which need no
    /// escaping.
    pub fn frame(&self) -> Vec<u8> {
        framed(
            &[
                b"{\"id\":",
                self.request_id,
                b",\"op\":\"order\",\"data\":[{\"clOrdId\":\"",
                self.client_order_id,
                b"\",\"ordId\":\"",
                self.order.to_string().as_bytes(),
                b"\",\"sCode\":\"0\",\"sMsg\":\"\",\"subCode\":\"\",\"tag\":\"",
                self.tag,
                b"\",\"ts\":\"",
                self.time_ms.to_string().as_bytes(),
                b"\"}],\"code\":\"0\",\"msg\":\"\",\"inTime\":\"",
                self.in_us.to_string().as_bytes(),
                b"\",\"outTime\":\"",
                self.out_us.to_string().as_bytes(),
                b"\"}",
            ]
            .concat(),
        )
    }
}

/// RFC 6455, section 5.2: one unmasked final frame.
fn framed(payload: &[u8]) -> Vec<u8> {
    const FINAL_TEXT: u8 = 0x81;
    let size = payload.len();
    if size < 126 {
        [&[FINAL_TEXT, size as u8], payload].concat()
    } else if let Ok(size) = u16::try_from(size) {
        [&[FINAL_TEXT, 126], &size.to_be_bytes()[..], payload].concat()
    } else {
        [
            &[FINAL_TEXT, 127],
            &(size as u64).to_be_bytes()[..],
            payload,
        ]
        .concat()
    }
}
