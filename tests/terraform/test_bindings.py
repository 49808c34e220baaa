"""What is read from a provider's bindings: arguments, types, blocks, and what only the provider knows."""

from __future__ import annotations

import pytest

from plumbline.terraform.bindings import parse
from plumbline.terraform.schema import Attribute, Block, Nesting

# The shape of the bindings, as their generator writes it, for a made-up resource.
SOURCE = """
function pondFishToHclTerraform(struct) {
    const attrs = {
        species: {
            value: cdktf.stringToHclTerraform(struct.species),
            isBlock: false,
            type: "simple",
            storageClassType: "string",
        },
    };
}
class PondFishOutputReference extends cdktf.ComplexObject {
    get weight() {
        return this.getNumberAttribute('weight');
    }
}
class PondFishList extends cdktf.ComplexList {
}
function pondTimeoutsToHclTerraform(struct) {
    const attrs = {
    };
}
class Pond extends cdktf.TerraformResource {
    constructor(scope, id, config) {
        // tides - computed: true, optional: false, required: false
        this._tides = new cdktf.StringMap(this, "tides");
    }
    get depth() {
        return this.getNumberAttribute('depth');
    }
    get selfLink() {
        return this.getStringAttribute('self_link');
    }
    synthesizeHclAttributes() {
        const attrs = {
            depth: {
                value: cdktf.numberToHclTerraform(this._depth),
                isBlock: false,
                type: "simple",
                storageClassType: "number",
            },
            owners: {
                value: cdktf.listMapperHcl(cdktf.stringToHclTerraform, false)(this._owners),
                isBlock: false,
                type: "set",
                storageClassType: "stringList",
            },
            fish: {
                value: cdktf.listMapperHcl(pondFishToHclTerraform, true)(this._fish.internalValue),
                isBlock: true,
                type: "list",
                storageClassType: "PondFishList",
            },
            timeouts: {
                value: pondTimeoutsToHclTerraform(this._timeouts.internalValue),
                isBlock: true,
                type: "struct",
                storageClassType: "PondTimeouts",
            },
        };
    }
}
export interface PondConfig extends cdktf.TerraformMetaArguments {
    /**
    * Docs at Terraform Registry: {@link https://example.com/pond#depth Pond#depth}
    */
    readonly depth: number;
    /**
    * Docs at Terraform Registry: {@link https://example.com/pond#owners Pond#owners}
    */
    readonly owners?: string[];
    /**
    * fish block
    *
    * Docs at Terraform Registry: {@link https://example.com/pond#fish Pond#fish}
    */
    readonly fish: PondFish[] | cdktf.IResolvable;
    /**
    * timeouts block
    *
    * Docs at Terraform Registry: {@link https://example.com/pond#timeouts Pond#timeouts}
    */
    readonly timeouts?: PondTimeouts;
}
export interface PondFish {
    /**
    * Docs at Terraform Registry: {@link https://example.com/pond#species Pond#species}
    */
    readonly species: string;
}
export interface PondTimeouts {
}
"""


@pytest.fixture(scope="module")
def pond() -> Block:
    return parse(SOURCE)


def test_arguments_have_their_types(pond: Block) -> None:
    assert pond.attributes["depth"] == Attribute("number", required=True)
    assert pond.attributes["owners"] == Attribute(("set", "string"))


def test_what_only_the_provider_knows_cannot_be_given(pond: Block) -> None:
    assert pond.attributes["self_link"] == Attribute("string", settable=False)
    assert pond.attributes["tides"] == Attribute(("map", "string"), settable=False)


def test_blocks_have_their_own_arguments(pond: Block) -> None:
    fish = pond.blocks["fish"]

    assert (fish.nesting, fish.required, fish.once) == (Nesting.LIST, True, False)
    assert fish.block.attributes == {
        "species": Attribute("string", required=True),
        "weight": Attribute("number", settable=False),
    }


def test_a_structure_stands_once(pond: Block) -> None:
    timeouts = pond.blocks["timeouts"]

    assert (timeouts.nesting, timeouts.required, timeouts.once) == (Nesting.SINGLE, False, True)
