// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

interface IOwned {
    function getOwners() external view returns (address[] memory);
    function getThreshold() external view returns (uint256);
}

/// What a tier's Safe may do, whoever signs: payments to destinations that were announced long
/// enough ago, within a limit over any 24 hours; replacing owners; and nothing that runs foreign
/// code in the Safe's own storage. What loosens waits `delay` seconds, what tightens does not.
contract PolicyGuard {
    struct Limit {
        uint256 amount; // in 24 hours; 0: the asset may not move
        uint256 next; // what it becomes
        uint256 from; // when; 0: nothing is announced
    }

    uint256 private constant HOURS = 25; // the running one and 24 whole ones
    bytes4 private constant GUARD_INTERFACE = 0xe6d7a83a;
    bytes4 private constant ERC165_INTERFACE = 0x01ffc9a7;

    address public immutable safe;
    uint256 public immutable delay;
    uint256 public immutable thresholdMin;
    uint256 public immutable spareMin; // owners that may be missing

    mapping(address => uint256) public allowedFrom; // a destination: the second; 0: not at all
    mapping(address => Limit) public limits; // the token, or 0 for the chain's coin
    mapping(address => uint256) public guardFrom; // a successor of this guard
    mapping(address => mapping(uint256 => uint256)) private _spent; // by hour of the day
    mapping(address => mapping(uint256 => uint256)) private _hourOf;

    event DestinationAnnounced(address indexed destination, uint256 from);
    event DestinationRemoved(address indexed destination);
    event LimitAnnounced(address indexed asset, uint256 amount, uint256 from);
    event GuardAnnounced(address indexed successor, uint256 from);
    event GuardWithdrawn(address indexed successor);

    error Refused(string reason);

    /// What the ceremony has agreed on holds at once.
    constructor(
        address safe_,
        uint256 delay_,
        uint256 thresholdMin_,
        uint256 spareMin_,
        address[] memory destinations,
        address[] memory assets,
        uint256[] memory amounts
    ) {
        if (assets.length != amounts.length) revert Refused("assets and limits differ in number");
        safe = safe_;
        delay = delay_;
        thresholdMin = thresholdMin_;
        spareMin = spareMin_;
        for (uint256 i = 0; i < destinations.length; i++) {
            allowedFrom[destinations[i]] = block.timestamp;
            emit DestinationAnnounced(destinations[i], block.timestamp);
        }
        for (uint256 i = 0; i < assets.length; i++) {
            limits[assets[i]].amount = amounts[i];
            emit LimitAnnounced(assets[i], amounts[i], block.timestamp);
        }
    }

    // Without this anybody could use up the limit by calling `checkTransaction`.
    modifier bySafe() {
        if (msg.sender != safe) revert Refused("not the Safe");
        _;
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == GUARD_INTERFACE || id == ERC165_INTERFACE;
    }

    // Announcements, by transactions of the Safe to this guard

    function announceDestination(address destination) external bySafe {
        if (allowedFrom[destination] == 0) {
            allowedFrom[destination] = block.timestamp + delay;
            emit DestinationAnnounced(destination, block.timestamp + delay);
        }
    }

    function removeDestination(address destination) external bySafe {
        allowedFrom[destination] = 0;
        emit DestinationRemoved(destination);
    }

    function setLimit(address asset, uint256 amount) external bySafe {
        Limit storage limit = limits[asset];
        _ripen(limit);
        uint256 from = block.timestamp;
        if (amount <= limit.amount) {
            limit.amount = amount;
            limit.from = 0;
        } else {
            from += delay;
            limit.next = amount;
            limit.from = from;
        }
        emit LimitAnnounced(asset, amount, from);
    }

    function announceGuard(address successor) external bySafe {
        guardFrom[successor] = block.timestamp + delay;
        emit GuardAnnounced(successor, block.timestamp + delay);
    }

    function withdrawGuard(address successor) external bySafe {
        guardFrom[successor] = 0;
        emit GuardWithdrawn(successor);
    }

    // Called by the Safe around each transaction

    function checkTransaction(
        address to,
        uint256 value,
        bytes memory data,
        uint8 operation,
        uint256,
        uint256,
        uint256 gasPrice,
        address,
        address payable,
        bytes memory,
        address
    ) external bySafe {
        if (operation != 0) revert Refused("DELEGATECALL");
        // A refund would pay whoever sends the transaction, at any price that it names.
        if (gasPrice != 0) revert Refused("gas refund");
        if (to == safe) _checkOwn(value, data);
        else if (to == address(this)) _checkAnnouncement(value);
        else if (data.length == 0) _pay(address(0), to, value);
        else _checkToken(to, value, data);
    }

    /// Whatever owners were changed, the quorum may neither shrink nor need everybody.
    function checkAfterExecution(bytes32, bool) external view bySafe {
        uint256 threshold = IOwned(safe).getThreshold();
        if (threshold < thresholdMin) revert Refused("threshold");
        if (IOwned(safe).getOwners().length < threshold + spareMin) revert Refused("spare owners");
    }

    /// What may still move of an asset now.
    function left(address asset) external view returns (uint256) {
        Limit storage limit = limits[asset];
        bool ripe = limit.from != 0 && limit.from <= block.timestamp;
        uint256 most = ripe ? limit.next : limit.amount;
        uint256 spent = _spentInDay(asset);
        return spent < most ? most - spent : 0;
    }

    function _checkOwn(uint256 value, bytes memory data) private view {
        bytes4 selector = _selector(data);
        if (value != 0) revert Refused("value to itself");
        // Of nothing at all: it takes the nonce of a transaction that is not wanted any more.
        if (data.length == 0) return;
        if (selector == bytes4(keccak256("setGuard(address)"))) {
            uint256 from = guardFrom[address(uint160(_word(data, 0)))];
            if (from == 0 || from > block.timestamp) revert Refused("guard not announced");
            return;
        }
        if (
            selector != bytes4(keccak256("swapOwner(address,address,address)")) &&
            selector != bytes4(keccak256("addOwnerWithThreshold(address,uint256)")) &&
            selector != bytes4(keccak256("removeOwner(address,address,uint256)")) &&
            selector != bytes4(keccak256("changeThreshold(uint256)"))
        ) revert Refused("call to itself");
    }

    function _checkAnnouncement(uint256 value) private pure {
        if (value != 0) revert Refused("value to the guard");
    }

    function _checkToken(address token, uint256 value, bytes memory data) private {
        if (value != 0) revert Refused("value with a call");
        if (data.length != 68 || _selector(data) != bytes4(keccak256("transfer(address,uint256)")))
            revert Refused("not a transfer");
        uint256 target = _word(data, 0);
        if (target >> 160 != 0) revert Refused("no address");
        _pay(token, address(uint160(target)), _word(data, 1));
    }

    function _pay(address asset, address destination, uint256 amount) private {
        uint256 from = allowedFrom[destination];
        if (from == 0 || from > block.timestamp) revert Refused("destination");
        Limit storage limit = limits[asset];
        _ripen(limit);
        uint256 spent = _spentInDay(asset);
        if (spent > limit.amount || amount > limit.amount - spent) revert Refused("limit");
        uint256 hour = block.timestamp / 1 hours;
        uint256 slot = hour % HOURS;
        if (_hourOf[asset][slot] != hour) {
            _hourOf[asset][slot] = hour;
            _spent[asset][slot] = 0;
        }
        _spent[asset][slot] += amount;
    }

    function _ripen(Limit storage limit) private {
        if (limit.from != 0 && limit.from <= block.timestamp) {
            limit.amount = limit.next;
            limit.from = 0;
        }
    }

    function _spentInDay(address asset) private view returns (uint256 sum) {
        uint256 hour = block.timestamp / 1 hours;
        for (uint256 slot = 0; slot < HOURS; slot++) {
            if (_hourOf[asset][slot] + HOURS > hour) sum += _spent[asset][slot];
        }
    }

    function _selector(bytes memory data) private pure returns (bytes4 selector) {
        if (data.length < 4) return 0;
        assembly {
            selector := mload(add(data, 32))
        }
    }

    function _word(bytes memory data, uint256 place) private pure returns (uint256 word) {
        if (data.length < 4 + 32 * (place + 1)) revert Refused("short call");
        assembly {
            word := mload(add(add(data, 36), mul(place, 32)))
        }
    }
}
