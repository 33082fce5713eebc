//! Commands: what the journal stores and the fold consumes. Fields as in `commands.py`.

use super::blank::Blank;
use super::record::{Fields, Record};
use super::value::{Payload, Reference};
use super::{Malformed, Reader, Sink, Wire};
use crate::money::Amount;
use crate::types::*;

/// One command with the submission that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub gateway: GatewayId,
    pub number: u64,
    pub body: Body,
}

record! {
    PlaceOrder {
        owner: OwnerId,
        instrument: InstrumentId,
        side: Side,
        order_type: OrderType,
        /// 0 for market and optimal-limit-IOC orders.
        price: Price,
        /// Base at size scale; with [`SizeUnit::Quote`] the quote asset's ledger units.
        size: Size,
        unit: SizeUnit = SizeUnit::Base,
        self_trade: SelfTrade = SelfTrade::CancelMaker,
        flags: OrderFlags = OrderFlags::NONE,
        client_order_id: ClientOrderId = ClientOrderId::EMPTY,
        tag: Tag = Tag::EMPTY,
        /// 0: never.
        expires: Timestamp = Timestamp(0),
    }

    CancelOrder {
        owner: OwnerId,
        instrument: InstrumentId,
        /// 0: by client order id.
        order: OrderId,
        client_order_id: ClientOrderId = ClientOrderId::EMPTY,
    }

    AmendOrder {
        owner: OwnerId,
        instrument: InstrumentId,
        /// 0: by client order id.
        order: OrderId,
        client_order_id: ClientOrderId,
        /// Total including what is filled; 0: unchanged.
        new_size: Size,
        /// 0: unchanged.
        new_price: Price,
        flags: AmendFlags = AmendFlags::NONE,
        request_id: RequestId = RequestId::EMPTY,
        expires: Timestamp = Timestamp(0),
    }

    CancelAll {
        owner: OwnerId,
        /// 0: all.
        instrument: InstrumentId = InstrumentId(0),
    }

    CancelAllAfter {
        owner: OwnerId,
        /// Milliseconds; 0: off.
        timeout: u64,
        tag: Tag = Tag::EMPTY,
    }

    Transfer {
        actor: OwnerId,
        source: AccountKey,
        target: AccountKey,
        asset: AssetId,
        amount: Amount,
        reason: Reason = Reason(1),
    }

    Deposit {
        account: AccountKey,
        asset: AssetId,
        amount: Amount,
        reference: Reference = Reference::EMPTY,
    }

    Withdraw {
        account: AccountKey,
        asset: AssetId,
        amount: Amount,
        reference: Reference = Reference::EMPTY,
    }

    /// One line of a posting.
    Leg {
        account: AccountKey,
        asset: AssetId,
        change: Amount,
    }

    /// Legs that balance per asset.
    Posting {
        reason: Reason,
        legs: Vec<Leg>,
    }

    Group {
        cause: Sequence,
        code: Code,
        postings: Vec<Posting>,
        commands: Vec<GroupCommand>,
    }

    Product {
        fold: FoldId,
        owner: OwnerId,
        payload: Payload,
        cause: Sequence = Sequence(0),
        index: u64 = 0,
    }

    Tick {}

    Weight {
        owner: OwnerId,
        weight: u64,
    }

    Distribute {
        pool: AccountKey,
        asset: AssetId,
        amount: Amount,
        target_kind: Kind,
        target_instance: Instance,
        rounding: ShareRounding,
        source: WeightSource,
        weight_kind: Kind,
        weight_asset: AssetId,
        weights: Vec<Weight>,
        reason: Reason = Reason(0),
    }

    DefineAsset {
        asset: AssetId,
        symbol: String,
        scale: u8,
        supply_cap: Amount,
    }

    DefineKind {
        kind: Kind,
        code: String,
        sign: SignRule,
        claim: ClaimClass,
    }

    DefineHouse {
        role: HouseRole,
        account: AccountKey,
    }

    SetFeeTier {
        tier: Tier,
        maker: Rate,
        taker: Rate,
    }

    OpenOwner {
        owner: OwnerId,
        master: OwnerId,
        segment: Segment,
        tier: Tier,
        flags: OwnerFlags = OwnerFlags::NONE,
        kyc: KycLevel = KycLevel(0),
    }

    SetOwner {
        owner: OwnerId,
        segment: Segment,
        tier: Tier,
        flags: OwnerFlags,
        kyc: KycLevel,
    }

    /// From this price upward the price must be a multiple of `tick`.
    TickBand {
        from_price: Price,
        tick: u64,
    }

    ListInstrument {
        instrument: InstrumentId,
        symbol: String,
        base: AssetId,
        quote: AssetId,
        price_scale: u8,
        size_scale: u8,
        ticks: Vec<TickBand>,
        lot: Size,
        min_size: Size,
        max_limit_size: Size,
        max_market_size: Size,
        /// The quote asset's ledger units.
        max_market_amount: u64,
        max_price: Price,
        /// Allowed distance from the reference price, parts per 10^8; 0: none.
        band: u64,
        state: InstrumentState,
    }

    SetInstrument {
        instrument: InstrumentId,
        ticks: Vec<TickBand>,
        lot: Size,
        min_size: Size,
        max_limit_size: Size,
        max_market_size: Size,
        max_market_amount: u64,
        max_price: Price,
        band: u64,
    }

    SetInstrumentState {
        instrument: InstrumentId,
        state: InstrumentState,
    }

    SetParameter {
        parameter: Parameter,
        value: u64,
    }

    SetSuspension {
        suspension: u64,
        actions: Suspended,
        level: SuspensionLevel,
        key: u64,
    }

    ActivateRules {
        rules: u32,
    }

    Quarantine {
        sequence: Sequence,
    }

    ConfirmTime {
        /// Milliseconds.
        jump: u64,
    }

    /// How much of an asset can be paid out, as it was shown.
    SetLiquid {
        asset: AssetId,
        liquid: Amount,
        /// What the ledger had there when it was shown (`ReserveState::coins`).
        booked: Amount,
        /// Exchange time from which it says nothing any more.
        expires: Timestamp,
    }
}

untagged!(Leg, Posting, Weight, TickBand);

macro_rules! bodies {
    ($($name:ident($type:ty) = $tag:literal,)*) => {
        /// What a command asks for; the rare long ones are boxed to keep the common ones small.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Body {
            $($name($type),)*
            /// Well-formed, but a field holds what it cannot; has no encoding of its own.
            Invalid { tag: u8 },
        }

        impl Body {
            /// Every tag of the schema.
            pub const TAGS: &[u8] = &[$($tag,)*];

            #[inline]
            pub const fn tag(&self) -> u8 {
                match self {
                    $(Self::$name(_) => $tag,)*
                    Self::Invalid { tag } => *tag,
                }
            }

            #[inline(never)]
            fn read<'a>(
                tag: u64,
                mut fields: Fields<'a>,
            ) -> Result<(Self, Fields<'a>), Malformed> {
                let body = match tag {
                    $($tag => Self::$name(fields.record::<$name>()?.into()),)*
                    _ => return Err(Malformed::UnknownTag),
                };
                Ok((body, fields))
            }

            #[inline]
            fn count(&self) -> usize {
                match self {
                    $(Self::$name(_) => $name::COUNT,)*
                    Self::Invalid { .. } => 0,
                }
            }

            #[inline]
            fn write(&self, writer: &mut impl Sink) {
                match self {
                    $(Self::$name(body) => body.write_fields(writer),)*
                    Self::Invalid { .. } => {}
                }
            }
        }

        $(impl From<$name> for Body {
            fn from(body: $name) -> Self {
                Self::$name(body.into())
            }
        })*
    };
}

bodies! {
    PlaceOrder(PlaceOrder) = 1,
    CancelOrder(CancelOrder) = 2,
    AmendOrder(AmendOrder) = 3,
    CancelAll(CancelAll) = 4,
    CancelAllAfter(CancelAllAfter) = 5,
    Transfer(Transfer) = 6,
    Deposit(Deposit) = 7,
    Withdraw(Withdraw) = 8,
    Group(Box<Group>) = 9,
    Product(Product) = 10,
    Tick(Tick) = 11,
    Distribute(Box<Distribute>) = 12,
    DefineAsset(DefineAsset) = 20,
    DefineKind(DefineKind) = 21,
    DefineHouse(DefineHouse) = 22,
    SetFeeTier(SetFeeTier) = 23,
    OpenOwner(OpenOwner) = 24,
    SetOwner(SetOwner) = 25,
    ListInstrument(Box<ListInstrument>) = 26,
    SetInstrument(Box<SetInstrument>) = 27,
    SetInstrumentState(SetInstrumentState) = 28,
    SetParameter(SetParameter) = 29,
    SetSuspension(SetSuspension) = 30,
    ActivateRules(ActivateRules) = 31,
    Quarantine(Quarantine) = 32,
    ConfirmTime(ConfirmTime) = 33,
    SetLiquid(SetLiquid) = 34,
}

/// A command that stands in a group; its own gateway and number mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCommand(pub Command);

impl GroupCommand {
    /// OpenOwner, SetOwner, CancelOrder, CancelAll and PlaceOrder; and, each at most once:
    /// SetFeeTier, ListInstrument, SetInstrument, SetInstrumentState, SetParameter, SetSuspension.
    pub const TAGS: [u8; 11] = [1, 2, 4, 23, 24, 25, 26, 27, 28, 29, 30];
}

/// Appends a blank command of this body and reads its fields in place.
macro_rules! append {
    ($name:ident, $commands:ident, $head:ident, $fields:ident) => {{
        // A constant, because one that is built would be moved through the stack.
        const BLANK: Command = Command {
            gateway: GatewayId(0),
            number: 0,
            body: Body::$name($name::BLANK),
        };
        $commands.push(BLANK);
        if let Some(Command {
            gateway,
            number,
            body: Body::$name(body),
        }) = $commands.last_mut()
        {
            *gateway = $head.gateway;
            *number = $head.number;
            body.fill(&mut $fields)?;
        }
    }};
}

impl Command {
    pub fn new(gateway: GatewayId, number: u64, body: impl Into<Body>) -> Self {
        Self {
            gateway,
            number,
            body: body.into(),
        }
    }

    /// Reads the next command and appends it.
    ///
    /// The commonest bodies are read in line, each field straight into its place, and the others by
    /// value: nobody then knows the cursor's address and it stays in registers. Together this takes
    /// a third of the time of reading a `Body` and moving it.
    #[inline(always)]
    pub(super) fn read_onto<'a>(
        commands: &mut Vec<Self>,
        reader: Reader<'a>,
    ) -> Result<Reader<'a>, Malformed> {
        let (head, mut fields) = Head::read(reader)?;
        match head.tag {
            1 => append!(PlaceOrder, commands, head, fields),
            2 => append!(CancelOrder, commands, head, fields),
            3 => append!(AmendOrder, commands, head, fields),
            tag => {
                let (body, rest) = Body::read(tag, fields)?;
                commands.push(Command {
                    gateway: head.gateway,
                    number: head.number,
                    body,
                });
                fields = rest;
            }
        }
        let mut reader = fields.close()?;
        if reader.take_out_of_domain() {
            invalidate(commands.last_mut());
        }
        Ok(reader)
    }
}

struct Head {
    tag: u64,
    gateway: GatewayId,
    number: u64,
}

impl Head {
    #[inline(always)]
    fn read(reader: Reader<'_>) -> Result<(Self, Fields<'_>), Malformed> {
        let mut fields = Fields::open(reader)?;
        let tag = fields.required()?;
        let gateway = fields.required()?;
        let number = fields.required()?;
        if fields.is_out_of_domain() {
            return Err(Malformed::OutOfRange);
        }
        Ok((
            Self {
                tag,
                gateway,
                number,
            },
            fields,
        ))
    }
}

#[cold]
fn invalidate(command: Option<&mut Command>) {
    if let Some(command) = command {
        command.body = Body::Invalid {
            tag: command.body.tag(),
        };
    }
}

impl Wire for Command {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut commands = Vec::with_capacity(1);
        *reader = Self::read_onto(&mut commands, reader.clone())?;
        commands.pop().ok_or(Malformed::Truncated)
    }

    #[inline]
    fn write(&self, writer: &mut impl Sink) {
        writer.array(self.body.count() + 3);
        writer.uint(self.body.tag().into());
        self.gateway.write(writer);
        writer.uint(self.number);
        self.body.write(writer);
    }
}

impl Wire for GroupCommand {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (head, fields) = Head::read(reader.clone())?;
        if !Self::TAGS
            .iter()
            .any(|allowed| u64::from(*allowed) == head.tag)
        {
            return Err(Malformed::UnknownTag);
        }
        let (body, fields) = Body::read(head.tag, fields)?;
        *reader = fields.close()?;
        Ok(Self(Command {
            gateway: head.gateway,
            number: head.number,
            body,
        }))
    }

    fn write(&self, writer: &mut impl Sink) {
        self.0.write(writer);
    }
}
