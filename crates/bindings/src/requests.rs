//! Reading requests for the gateway.

use fullreserve_core::types::{GatewayId, InstrumentId, OwnerId};
use fullreserve_order_entry::{Placed, Signed, Signers, Submission, Taken, Terms};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// Reads the usual order request straight to the bytes of its command.
#[pyclass(module = "fullreserve._core")]
pub struct PlainOrders {
    reader: fullreserve_order_entry::PlainOrders,
}

type Bytes<'py> = Bound<'py, PyBytes>;
/// Command, instrument, client order id, tag.
type Order<'py> = (Bytes<'py>, u32, Bytes<'py>, Bytes<'py>);

fn order<'py>(py: Python<'py>, placed: &Placed<'_>) -> Order<'py> {
    let bytes = |content| PyBytes::new(py, content);
    (
        bytes(&placed.command),
        placed.instrument.0,
        bytes(placed.client_order_id),
        bytes(placed.tag),
    )
}

#[pymethods]
impl PlainOrders {
    #[new]
    fn new(gateway: u64) -> Self {
        Self {
            reader: fullreserve_order_entry::PlainOrders::new(GatewayId(gateway)),
        }
    }

    fn learn(
        &mut self,
        symbol: &str,
        instrument: u32,
        price_scale: u32,
        size_scale: u32,
        quote_scale: u32,
    ) {
        let terms = Terms {
            instrument: InstrumentId(instrument),
            price_scale,
            size_scale,
            quote_scale,
        };
        self.reader.learn(symbol, terms);
    }

    fn order<'py>(
        &self,
        py: Python<'py>,
        body: &[u8],
        owner: u64,
        number: u64,
        expires_ms: u64,
    ) -> Option<Order<'py>> {
        let submission = Submission {
            owner: OwnerId(owner),
            number,
            expires_ms,
        };
        let placed = self.reader.order(body, submission)?;
        Some(order(py, &placed))
    }

    fn request<'py>(
        &self,
        py: Python<'py>,
        message: &[u8],
        owner: u64,
        number: u64,
    ) -> Option<(Bytes<'py>, Order<'py>)> {
        let submission = Submission {
            owner: OwnerId(owner),
            number,
            expires_ms: 0,
        };
        let (id, placed) = self.reader.request(message, submission)?;
        Some((PyBytes::new(py, id), order(py, &placed)))
    }
}

#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    reason = "Python's calls of compiled code go by position"
)]
pub fn taken_frame<'py>(
    py: Python<'py>,
    request_id: &[u8],
    client_order_id: &[u8],
    order: u64,
    tag: &[u8],
    time_ms: u64,
    in_us: u64,
    out_us: u64,
) -> Bytes<'py> {
    let taken = Taken {
        request_id,
        client_order_id,
        order,
        tag,
        time_ms,
        in_us,
        out_us,
    };
    PyBytes::new(py, &taken.frame())
}

/// Whether it is a POST, path, query, headers by name, body.
type Whole<'py> = (bool, Bytes<'py>, Bytes<'py>, Bound<'py, PyDict>, Bytes<'py>);

#[pyfunction]
pub fn whole_request<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Option<Whole<'py>>> {
    let Some(read) = fullreserve_order_entry::whole_request(data) else {
        return Ok(None);
    };
    let bytes = |content: &[u8]| PyBytes::new(py, content);
    let headers = PyDict::new(py);
    for (name, value) in &read.headers {
        headers.set_item(bytes(name), bytes(value))?;
    }
    let (path, query, body) = (bytes(read.path), bytes(read.query), bytes(read.body));
    Ok(Some((read.is_post, path, query, headers, body)))
}

/// Whose signatures are taken: the owner of the orders, and what the gateway calls its caller.
struct Caller {
    owner: OwnerId,
    known: Py<PyAny>,
}

/// Requests that were signed by keys which the gateway has met and found in order.
#[pyclass(module = "fullreserve._core")]
pub struct SignedRequests {
    signers: Signers<Caller>,
    orders_since_ms: i64,
}

/// Caller, what a proxy says of its address, signature, and the order.
type SignedOrder<'py> = (Py<PyAny>, Option<Bytes<'py>>, Bytes<'py>, Order<'py>);
/// Caller, what a proxy says of its address, path, query.
type SignedRead<'py> = (Py<PyAny>, Option<Bytes<'py>>, Bytes<'py>, Bytes<'py>);

#[pymethods]
impl SignedRequests {
    #[new]
    fn new(orders_since_ms: i64) -> Self {
        Self {
            signers: Signers::default(),
            orders_since_ms,
        }
    }

    fn learn(
        &mut self,
        name: &[u8],
        secret: &[u8],
        passphrase: &[u8],
        owner: u64,
        caller: Py<PyAny>,
    ) {
        let owner = OwnerId(owner);
        let known = caller;
        self.signers
            .learn(name, secret, passphrase, Caller { owner, known });
    }

    fn forget(&mut self) {
        self.signers.forget();
    }

    /// One order of the request at `path`; a request that expires is left to others, and one that
    /// was signed before orders are taken once here.
    fn order<'py>(
        &self,
        py: Python<'py>,
        data: &[u8],
        path: &[u8],
        now_ms: i64,
        plain: &PlainOrders,
        number: u64,
    ) -> Option<SignedOrder<'py>> {
        let signed = self.signers.read(data, now_ms)?;
        let request = &signed.request;
        if request.target != path || !request.is_post || request.header(b"exptime").is_some() {
            return None;
        }
        if signed.time_ms < self.orders_since_ms {
            return None;
        }
        let submission = Submission {
            owner: signed.caller.owner,
            number,
            expires_ms: 0,
        };
        let placed = plain.reader.order(request.body, submission)?;
        let (caller, forwarded) = who(py, &signed);
        let sign = PyBytes::new(py, signed.sign);
        Some((caller, forwarded, sign, order(py, &placed)))
    }

    fn read<'py>(&self, py: Python<'py>, data: &[u8], now_ms: i64) -> Option<SignedRead<'py>> {
        let signed = self.signers.read(data, now_ms)?;
        if signed.request.is_post {
            return None;
        }
        let (caller, forwarded) = who(py, &signed);
        let path = PyBytes::new(py, signed.request.path);
        let query = PyBytes::new(py, signed.request.query);
        Some((caller, forwarded, path, query))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        for caller in self.signers.callers() {
            visit.call(&caller.known)?;
        }
        Ok(())
    }

    fn __clear__(&mut self) {
        self.signers.forget();
    }
}

fn who<'py>(py: Python<'py>, signed: &Signed<'_, Caller>) -> (Py<PyAny>, Option<Bytes<'py>>) {
    let forwarded = signed.forwarded.map(|text| PyBytes::new(py, text));
    (signed.caller.known.clone_ref(py), forwarded)
}
