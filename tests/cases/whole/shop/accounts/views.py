from django.contrib.auth.decorators import login_required
from django.shortcuts import render


@login_required
def addresses(request):
    return render(request, "accounts/addresses.html", {"addresses": request.user.addresses.all()})
