// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// A demo token with the habits that make tokens hard to hold: `transfer` returns nothing, a fee
/// may be taken on the way, transfers may be paused, and holders may be stopped.
contract DemoUSDT {
    string public constant name = "Demo USDT";
    string public constant symbol = "USDT";
    uint8 public constant decimals = 6;

    address public immutable owner = msg.sender;
    uint256 public totalSupply;
    uint256 public feeBasisPoints;
    bool public paused;
    mapping(address => uint256) public balanceOf;
    mapping(address => bool) public isBlackListed;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner");
        _;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function approve(address spender, uint256 value) external {
        require(value == 0 || allowance[msg.sender][spender] == 0, "set it to 0 first");
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function mint(address to, uint256 value) external onlyOwner {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function setFee(uint256 basisPoints) external onlyOwner {
        require(basisPoints <= 100, "at most one per cent");
        feeBasisPoints = basisPoints;
    }

    function setPaused(bool value) external onlyOwner {
        paused = value;
    }

    function setBlackListed(address holder, bool value) external onlyOwner {
        isBlackListed[holder] = value;
    }

    function _move(address from, address to, uint256 value) private {
        require(!paused, "paused");
        require(!isBlackListed[from], "stopped");
        uint256 fee = (value * feeBasisPoints) / 10_000;
        balanceOf[from] -= value;
        balanceOf[to] += value - fee;
        emit Transfer(from, to, value - fee);
        if (fee > 0) {
            balanceOf[owner] += fee;
            emit Transfer(from, owner, fee);
        }
    }
}
